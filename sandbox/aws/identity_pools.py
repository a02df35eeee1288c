"""AWS credentials for users of a user pool: `{origin}/cognito-identity`, by the enhanced flow.

https://docs.aws.amazon.com/cognito/latest/developerguide/authentication-flow.html
"""

import uuid
from collections.abc import Mapping
from typing import cast

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from sandbox.aws.cognito import CORS, fields_of
from sandbox.aws.moto_proxy import MotoProxy
from sandbox.aws.pool_tokens import PoolTokens, TokenRefused, still_signed_in
from sandbox.aws.refusals import CallRefused, response_to
from sandbox.iam.credentials import Credentials, User
from sandbox.iam.policies import users_may_assume
from sandbox.identities import IdentityPool, IdentityProvider
from sandbox.world import World

PREFIX = "/cognito-identity"
TARGET_PREFIX = "AWSCognitoIdentityService."
SESSION_SECONDS = 3600
"""Of credentials by the enhanced flow: https://docs.aws.amazon.com/cognito/latest/developerguide/authentication-flow.html"""
_IDENTITIES = uuid.UUID("b3a1f8a0-5f3d-4c1e-9d37-6d2f2a3c9d10")
"""Names of users become ids of identities within it."""


class PublicIdentityPools:
    """Serves the World's identity pools to their users. A call is not signed: the token in it says who calls."""

    def __init__(
        self, world: World, credentials: Credentials, tokens: PoolTokens, moto: MotoProxy, time_scale: float = 1.0
    ) -> None:
        self._world = world
        self._credentials = credentials
        self._tokens = tokens
        self._moto = moto
        self._seconds = SESSION_SECONDS * time_scale

    def routes(self) -> list[BaseRoute]:
        """The routes of an application that serves `{origin}/cognito-identity`."""
        return [
            route
            for path in (PREFIX, f"{PREFIX}/")
            for route in (
                Route(path, self._preflight, methods=["OPTIONS"]),
                Route(path, self._operate, methods=["POST"]),
            )
        ]

    async def _preflight(self, _request: Request) -> Response:
        return Response(status_code=204, headers=CORS)

    async def _operate(self, request: Request) -> Response:
        operation = request.headers.get("x-amz-target", "").removeprefix(TARGET_PREFIX)
        try:
            answer = await self._answer(operation, fields_of(await request.body()))
            response: Response = JSONResponse(answer, headers=CORS, media_type="application/x-amz-json-1.1")
        except CallRefused as refusal:
            response = response_to(request, refusal)
            response.headers["x-amzn-errortype"] = f"{refusal.code}:"
        response.headers.update(CORS)
        return response

    async def _answer(self, operation: str, fields: Mapping[str, object]) -> Mapping[str, object]:
        match operation:
            case "GetId":
                return {"IdentityId": await self._identity(fields)}
            case "GetCredentialsForIdentity":
                return await self._credentials_for(fields)
            case "GetOpenIdToken":
                raise CallRefused(
                    "InvalidParameterException", "Basic (classic) flow is not enabled, please use enhanced flow."
                )
            case _:
                raise CallRefused("InvalidParameterException", f"The sandbox does not emulate {operation}.")

    async def _identity(self, fields: Mapping[str, object]) -> str:
        """https://docs.aws.amazon.com/cognitoidentity/latest/APIReference/API_GetId.html"""
        pool = self._world.identity_pools.get(pool_id := _text(fields, "IdentityPoolId"))
        if pool is None:
            raise CallRefused("ResourceNotFoundException", f"IdentityPool '{pool_id}' not found.")
        logins = _logins(fields)
        if not logins:
            raise _not_authorized("Unauthenticated access is not supported for this identity pool.")
        identity = await self._identity_of(pool, logins)
        pool.identities.add(identity)
        return identity

    async def _credentials_for(self, fields: Mapping[str, object]) -> Mapping[str, object]:
        """https://docs.aws.amazon.com/cognitoidentity/latest/APIReference/API_GetCredentialsForIdentity.html"""
        identity = _text(fields, "IdentityId")
        pools = tuple(self._world.identity_pools.values())
        pool = next((pool for pool in pools if identity in pool.identities), None)
        if pool is None:
            raise CallRefused("ResourceNotFoundException", f"Identity '{identity}' not found.")
        logins = _logins(fields)
        if not logins:
            raise _not_authorized(f"Access to Identity '{identity}' is forbidden.")
        if await self._identity_of(pool, logins) != identity:
            raise _not_authorized("Logins don't match. Please include at least one valid login for this identity.")
        if pool.role_arn is None or not users_may_assume(self._world, pool.role_arn, pool.id):
            raise CallRefused(
                "InvalidIdentityPoolConfigurationException",
                "Invalid identity pool configuration. Check assigned IAM roles for this pool.",
            )
        principal = self._credentials.for_user(pool.role_arn, User(pool.id, identity), self._seconds)
        keys = principal.keys
        return {
            "IdentityId": identity,
            "Credentials": {
                "AccessKeyId": keys.access_key_id,
                "SecretKey": keys.secret_access_key,
                "SessionToken": keys.session_token,
                "Expiration": principal.expires_at,
            },
        }

    async def _identity_of(self, pool: IdentityPool, logins: Mapping[str, str]) -> str:
        """The identity of the user whom each of the logins has signed in. Raises CallRefused."""
        users = {f"{name}/{await self._user(pool, name, token)}" for name, token in logins.items()}
        if len(users) != 1:
            raise CallRefused("InvalidParameterException", "Please provide one login of a user pool.")
        return f"{self._world.region}:{uuid.uuid5(_IDENTITIES, f'{pool.id}/{users.pop()}')}"

    async def _user(self, pool: IdentityPool, name: str, token: str) -> str:
        """The `sub` of an ID token that one of the pool's providers has given."""
        providers = [provider for provider in pool.providers if provider.name == name]
        if not providers:
            raise _not_authorized("Token is not from a supported provider of this identity pool.")
        user_pool_id = name.rpartition("/")[2]
        try:
            claims = await self._tokens.claims(user_pool_id, token)
        except TokenRefused as refused:
            raise _not_authorized(f"Invalid login token. {refused}") from None
        if claims.get("token_use") != "id":
            raise _not_authorized("Invalid login token. Missing a required claim: aud")
        provider = next((each for each in providers if each.client_id == claims.get("aud")), None)
        if provider is None:
            raise _not_authorized("Invalid login token. Incorrect token audience.")
        await self._ask_the_pool(provider, user_pool_id, claims)
        return str(claims["sub"])

    async def _ask_the_pool(self, provider: IdentityProvider, user_pool_id: str, claims: Mapping[str, object]) -> None:
        """https://docs.aws.amazon.com/cognitoidentity/latest/APIReference/API_CognitoIdentityProvider.html"""
        if provider.asks_the_pool and not await still_signed_in(self._moto, user_pool_id, claims):
            raise _not_authorized("Invalid login token. The user was signed out or deleted.")


def _not_authorized(message: str) -> CallRefused:
    return CallRefused("NotAuthorizedException", message)


def _text(fields: Mapping[str, object], name: str) -> str:
    value = fields.get(name)
    if not isinstance(value, str):
        raise CallRefused("ValidationException", f"{name} is not a text.")
    return value


def _logins(fields: Mapping[str, object]) -> Mapping[str, str]:
    """`{provider: token}`."""
    logins: object = fields.get("Logins") or {}
    if not isinstance(logins, dict) or not all(
        isinstance(each, str) for each in cast("dict[str, object]", logins).values()
    ):
        raise CallRefused("SerializationException", "Logins is not a mapping of names to texts.")
    return cast("dict[str, str]", logins)
