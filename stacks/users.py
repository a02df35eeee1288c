"""Whose users may stream on a stack, as its settings say, and what a client must know to sign one in."""

from collections.abc import Mapping
from dataclasses import dataclass

import pulumi

from shared.contract.outputs import Output
from stacks.arguments import AcceptedTokens, DataProtection, TokenClaims
from stacks.identity import Identity, IdentityArgs
from stacks.settings.identity import ForeignIssuer
from stacks.settings.stack import Settings
from stacks.shared_pool import pool_of_stack


@dataclass(frozen=True)
class Users:
    """What the architectures and the clients of a stack are told."""

    tokens: AcceptedTokens
    user_pool_id: pulumi.Output[str] | None
    """None where a foreign issuer signs the tokens."""
    outputs: Mapping[str, pulumi.Input[str]]


def users_of(settings: Settings, protection: DataProtection, opts: pulumi.ResourceOptions) -> Users:
    """Makes what the stack itself is to have of pool, groups and app client."""
    given = settings.identity
    if given.issuer:
        return _of_an_issuer(given.issuer)
    args: IdentityArgs = {"region": settings.region, "callback_urls": given.callback_urls, "protection": protection}
    if given.cognito_endpoint:
        args["endpoint"] = given.cognito_endpoint
    if given.stack:
        pool = pool_of_stack(given.stack, settings.region)
        args["user_pool_id"], args["endpoint"] = pool.user_pool_id, pool.endpoint
    elif given.user_pool_id:
        args["user_pool_id"] = given.user_pool_id
        if given.user_pool_client_id:
            args["user_pool_client_id"] = given.user_pool_client_id
    else:
        args["self_sign_up"] = given.self_sign_up
    return _of_a_pool(Identity("identity", args, opts))


def _of_a_pool(identity: Identity) -> Users:
    return Users(
        tokens={
            "issuer": identity.issuer,
            "jwks_url": identity.jwks_url,
            "client_ids": [identity.user_pool_client_id],
        },
        user_pool_id=identity.user_pool_id,
        outputs={
            Output.USER_POOL_ID: identity.user_pool_id,
            Output.USER_POOL_CLIENT_ID: identity.user_pool_client_id,
            Output.ISSUER: identity.issuer,
            Output.COGNITO_ENDPOINT: identity.endpoint,
        },
    )


def _of_an_issuer(issuer: ForeignIssuer) -> Users:
    """There is nothing to make: users sign in elsewhere, with a client that is registered there."""
    claims: TokenClaims = {"client": issuer.client_claim}
    if issuer.token_use:
        claims["use"] = issuer.token_use
    if issuer.tier_claim:
        claims["tier"] = issuer.tier_claim
    return Users(
        tokens={
            "issuer": issuer.url,
            "jwks_url": issuer.jwks_url,
            "client_ids": list(issuer.client_ids),
            "claims": claims,
        },
        user_pool_id=None,
        outputs={Output.ISSUER: issuer.url},
    )
