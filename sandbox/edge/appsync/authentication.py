"""Turns the credentials of a request into a Caller: a user pool's or an OIDC issuer's JWT, or a Signature Version 4.

Follows https://docs.aws.amazon.com/appsync/latest/devguide/security-authz.html and, for `ctx.identity`,
https://docs.aws.amazon.com/appsync/latest/devguide/resolver-context-reference-js.html. Like AppSync it takes
access tokens and ID tokens alike.
"""

import base64
import binascii
import re
import time
from collections.abc import Mapping
from typing import cast

from starlette.requests import Request

from sandbox.aws.issuer_tokens import IssuerTokens
from sandbox.aws.pool_tokens import PoolTokens, TokenRefused
from sandbox.aws.sigv4 import SignatureRefused, verify
from sandbox.edge.appsync.caller import Caller, modes
from sandbox.edge.appsync.errors import NO_AUTHORIZATION_MESSAGE, RequestRefused, unauthorized
from sandbox.edge.appsync.values import as_object, read_json
from sandbox.graphql import GraphqlApi
from sandbox.iam.credentials import Credentials
from sandbox.iam.policies import role_allows
from sandbox.world import ACCOUNT_ID, World

_SIGNATURE = "AWS4-HMAC-SHA256"


class Authentication:
    """Authenticates requests to the APIs of one World."""

    def __init__(self, world: World, credentials: Credentials, pool_tokens: PoolTokens) -> None:
        self._world = world
        self._credentials = credentials
        self._pool_tokens = pool_tokens
        self._issuer_tokens = IssuerTokens()

    async def caller(self, request: Request, body: bytes, api: GraphqlApi) -> Caller:
        """Who sent this request, by its `Authorization` header. Raises RequestRefused with AppSync's own words."""
        authorization = request.headers.get("authorization", "")
        if not authorization:
            raise unauthorized(NO_AUTHORIZATION_MESSAGE)
        if authorization.startswith(_SIGNATURE):
            if "AWS_IAM" not in modes(api):
                raise unauthorized()
            return self._role(request, body)
        token = authorization.removeprefix("Bearer ").strip()
        if "OPENID_CONNECT" in modes(api) and api.issuer is not None:
            return await self._user_of_an_issuer(api, api.issuer, token)
        if "AMAZON_COGNITO_USER_POOLS" not in modes(api) or api.user_pool_id is None:
            raise unauthorized()
        return await self._user(request, api, api.user_pool_id, token)

    async def _user(self, request: Request, api: GraphqlApi, user_pool_id: str, token: str) -> Caller:
        try:
            claims = await self._pool_tokens.claims(user_pool_id, token)
        except TokenRefused as error:
            raise unauthorized(_token_message(token)) from error
        app_client = str(claims.get("client_id", claims.get("aud")))
        if api.app_client_pattern is not None and re.search(api.app_client_pattern, app_client) is None:
            raise unauthorized()
        groups = cast("list[str] | None", claims.get("cognito:groups"))
        identity = {
            "sub": claims.get("sub"),
            "issuer": claims.get("iss"),
            "username": claims.get("cognito:username", claims.get("username")),
            "claims": claims,
            "groups": groups,
            "sourceIp": source_ip(request),
            "defaultAuthStrategy": api.user_pool_default_action,
        }
        return Caller("AMAZON_COGNITO_USER_POOLS", identity, groups=frozenset(groups or ()))

    async def _user_of_an_issuer(self, api: GraphqlApi, issuer: str, token: str) -> Caller:
        try:
            claims = await self._issuer_tokens.claims(issuer, token)
        except TokenRefused as error:
            raise unauthorized(_token_message(token)) from error
        if api.app_client_pattern is not None and not _names_client(claims, api.app_client_pattern):
            raise unauthorized()
        return Caller("OPENID_CONNECT", {"claims": claims, "issuer": claims.get("iss"), "sub": claims.get("sub")})

    def _role(self, request: Request, body: bytes) -> Caller:
        try:
            role = verify(request, body, service="appsync", credentials=self._credentials)
        except SignatureRefused as error:
            raise RequestRefused(403, f"{error.code}Exception", error.message) from error
        name = role.rpartition("/")[2]
        identity = {
            "accountId": ACCOUNT_ID,
            "cognitoIdentityPoolId": None,
            "cognitoIdentityId": None,
            "cognitoIdentityAuthType": None,
            "cognitoIdentityAuthProvider": None,
            "sourceIp": source_ip(request),
            "username": f"{name}:sandbox",
            "userArn": f"arn:aws:sts::{ACCOUNT_ID}:assumed-role/{name}/sandbox",
        }

        def allowed(resource: str) -> bool:
            return role_allows(self._world, role, "appsync:GraphQL", resource)

        return Caller("AWS_IAM", identity, allowed=allowed)


def source_ip(request: Request) -> list[str]:
    """`identity.sourceIp`: what `x-forwarded-for` lists, then the address of the connection."""
    forwarded = [part.strip() for part in request.headers.get("x-forwarded-for", "").split(",") if part.strip()]
    return [*forwarded, *([request.client.host] if request.client else [])]


def _names_client(claims: Mapping[str, object], pattern: str) -> bool:
    """An OIDC token's client is in `aud`, which may be a list, or in `azp`."""
    audience = claims.get("aud")
    named = [*(cast("list[object]", audience) if isinstance(audience, list) else [audience]), claims.get("azp")]
    return any(isinstance(client, str) and re.search(pattern, client) for client in named)


def _token_message(token: str) -> str:
    """AppSync tells unreadable and expired tokens from others."""
    try:
        _, payload, _ = token.split(".")
        claims = as_object(read_json(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4))))
        expires = claims["exp"]
    except (ValueError, KeyError, TypeError, binascii.Error):
        return "Unable to parse JWT token."
    if isinstance(expires, (int, float)) and expires < time.time():
        return "Token has expired."
    return "You are not authorized to make this call."
