"""How AppSync tells the users of a GraphQL API: by a Cognito user pool, or by an OIDC issuer.

https://docs.aws.amazon.com/appsync/latest/devguide/security-authz.html
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, cast

import pulumi
import pulumi_aws as aws

from stacks.arguments import TokenClaims
from stacks.errors import ArgumentError

_SPECIAL = re.compile(r"[.\\+*?\[\]^$(){}|]")
CLIENT_CLAIMS: Final = ("aud", "azp")
"""In one of these AppSync looks for the client of an OIDC token."""


@dataclass(frozen=True)
class Authentication:
    """The API's default authorization type and its settings; one of the two blocks is None."""

    type: str
    user_pool: aws.appsync.GraphQLApiUserPoolConfigArgs | None = None
    openid_connect: aws.appsync.GraphQLApiOpenidConnectConfigArgs | None = None


def authentication(
    client_ids: pulumi.Input[Sequence[pulumi.Input[str]]],
    user_pool_id: pulumi.Input[str] | None,
    issuer: pulumi.Input[str] | None,
    claims: TokenClaims | None,
) -> Authentication:
    """That of the pool, or of the issuer whose tokens have these claims. Raises `ArgumentError`."""
    clients = pulumi.Output.from_input(client_ids).apply(lambda known: _any_of(cast("Sequence[str]", known)))
    if user_pool_id is not None:
        if issuer is not None or claims is not None:
            raise ArgumentError("`user_pool_id` is given beside `issuer` or `claims`; name the pool or the issuer.")
        # ALLOW is required beside other providers; the schema's directives keep users off publishParts.
        pool = aws.appsync.GraphQLApiUserPoolConfigArgs(
            user_pool_id=user_pool_id, default_action="ALLOW", app_id_client_regex=clients
        )
        return Authentication("AMAZON_COGNITO_USER_POOLS", user_pool=pool)
    if issuer is None or claims is None:
        raise ArgumentError("`user_pool_id` is missing; give it, or `issuer` and `claims`.")
    if claims["client"] not in CLIENT_CLAIMS:
        allowed = " or ".join(CLIENT_CLAIMS)
        raise ArgumentError(
            f"`claims` has the client in {claims['client']!r}; AppSync looks for it in {allowed} alone."
        )
    oidc = aws.appsync.GraphQLApiOpenidConnectConfigArgs(issuer=issuer, client_id=clients)
    return Authentication("OPENID_CONNECT", openid_connect=oidc)


def _any_of(clients: Sequence[str]) -> str:
    """A regular expression; an audience may be a URL, whose dots stand for themselves."""
    return f"^({'|'.join(map(_literally, clients))})$"


def _literally(client: str) -> str:
    return _SPECIAL.sub(r"\\\g<0>", client)
