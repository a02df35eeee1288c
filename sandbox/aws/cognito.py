"""Amazon Cognito as anyone may reach it: `{origin}/cognito`, without a signature, and the tokens of a user pool.

AWS lets some operations pass unsigned because their input authenticates the caller; the others need a signature and go
through `{origin}/aws`. https://docs.aws.amazon.com/cognito/latest/developerguide/authentication-flows-public-server-side.html
"""

import asyncio
import json
import time
from collections.abc import Mapping
from typing import Any, cast

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet, KeySetSerialization
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from sandbox.aws.moto_proxy import MotoProxy
from sandbox.aws.refusals import CallRefused, response_to
from sandbox.aws.user_pools import UserPool
from sandbox.world import World

PREFIX = "/cognito"
TARGET_PREFIX = "AWSCognitoIdentityProviderService."

# https://docs.aws.amazon.com/cognito/latest/developerguide/security_iam_service-with-iam.html, "unauthenticated" and
# "token-authorized" operations
PUBLIC_OPERATIONS = frozenset(
    [
        "AssociateSoftwareToken",
        "ChangePassword",
        "ConfirmDevice",
        "ConfirmForgotPassword",
        "ConfirmSignUp",
        "DeleteUser",
        "DeleteUserAttributes",
        "ForgetDevice",
        "ForgotPassword",
        "GetDevice",
        "GetUser",
        "GetUserAttributeVerificationCode",
        "GlobalSignOut",
        "InitiateAuth",
        "ListDevices",
        "ResendConfirmationCode",
        "RespondToAuthChallenge",
        "RevokeToken",
        "SetUserMFAPreference",
        "SetUserSettings",
        "SignUp",
        "UpdateDeviceStatus",
        "UpdateUserAttributes",
        "VerifySoftwareToken",
        "VerifyUserAttribute",
    ]
)

_CORS = {
    "access-control-allow-origin": "*",
    "access-control-allow-headers": "*",
    "access-control-allow-methods": "GET, POST",
    "access-control-expose-headers": "x-amzn-errortype, x-amzn-errormessage, x-amzn-requestid",
    "access-control-max-age": "172800",
}
_FLOWS = {
    "USER_PASSWORD_AUTH": "ALLOW_USER_PASSWORD_AUTH",
    "USER_AUTH": "ALLOW_USER_AUTH",
    "CUSTOM_AUTH": "ALLOW_CUSTOM_AUTH",
    "REFRESH_TOKEN_AUTH": "ALLOW_REFRESH_TOKEN_AUTH",
    "REFRESH_TOKEN": "ALLOW_REFRESH_TOKEN_AUTH",
}
_MAX_BODY_BYTES = 128 * 1024


class TokenRefused(Exception):
    """A token that this pool did not sign, that has expired, or that is none."""


class PublicCognito:
    """Serves the unsigned operations and the signing keys of the World's user pools."""

    def __init__(self, world: World, user_pools: Mapping[str, UserPool], moto: MotoProxy) -> None:
        self._world = world
        self._user_pools = user_pools
        self._moto = moto

    def routes(self) -> list[BaseRoute]:
        """The routes of an application that serves `{origin}/cognito`."""
        return [
            Route(PREFIX, self._preflight, methods=["OPTIONS"]),
            Route(PREFIX, self._operate, methods=["POST"]),
            Route(f"{PREFIX}/", self._preflight, methods=["OPTIONS"]),
            Route(f"{PREFIX}/", self._operate, methods=["POST"]),
            Route(f"{PREFIX}/{{pool_id}}/.well-known/jwks.json", self._keys, methods=["GET"]),
        ]

    async def _preflight(self, _request: Request) -> Response:
        return Response(status_code=204, headers=_CORS)

    async def _operate(self, request: Request) -> Response:
        try:
            response = await self._forward(request)
        except CallRefused as refusal:
            response = response_to(request, refusal)
            response.headers["x-amzn-errortype"] = f"{refusal.code}:"
        response.headers.update(_CORS)
        return response

    async def _forward(self, request: Request) -> Response:
        operation = request.headers.get("x-amz-target", "").removeprefix(TARGET_PREFIX)
        if operation not in PUBLIC_OPERATIONS:
            raise CallRefused("MissingAuthenticationTokenException", "Missing Authentication Token")
        body = await request.body()
        if len(body) > _MAX_BODY_BYTES:
            raise CallRefused(
                "RequestEntityTooLargeException", f"A request has at most {_MAX_BODY_BYTES:,} bytes.", 413
            )
        self._refuse_what_moto_would_not(operation, body)
        headers = {
            "content-type": "application/x-amz-json-1.1",
            "x-amz-target": f"{TARGET_PREFIX}{operation}",
            "authorization": _unsigned_scope(self._world.region),
        }
        return await self._moto.forward(body, headers)

    def _refuse_what_moto_would_not(self, operation: str, body: bytes) -> None:
        try:
            call = cast("dict[str, Any]", json.loads(body))
            client_id = str(call.get("ClientId", ""))
        except (ValueError, AttributeError):
            raise CallRefused("SerializationException", "The request body is not a JSON object.") from None
        pool = next((pool for pool in self._user_pools.values() if client_id in pool.clients), None)
        if pool is None:
            return
        if operation == "SignUp" and pool.admin_create_user_only:
            raise CallRefused("NotAuthorizedException", "SignUp is not permitted for this user pool")
        if operation == "InitiateAuth":
            self._check_flow(str(call.get("AuthFlow")), pool.clients[client_id])

    def _check_flow(self, flow: str, allowed: frozenset[str]) -> None:
        if flow == "USER_SRP_AUTH":
            raise CallRefused(
                "InvalidParameterException",
                "The sandbox has no SRP: moto would take any password. Get a token from POST /_sandbox/token, "
                "or sign AdminInitiateAuth.",
            )
        if flow not in _FLOWS:
            raise CallRefused("InvalidParameterException", f"Initiate Auth method not supported: {flow}")
        if _FLOWS[flow] not in allowed:
            raise CallRefused("InvalidParameterException", f"{flow} flow not enabled for this client")

    async def _keys(self, request: Request) -> Response:
        pool_id = request.path_params["pool_id"]
        if pool_id not in self._user_pools:
            body = json.dumps({"message": f"User pool {pool_id} does not exist."})
            return Response(body, 404, _CORS, "application/json")
        answer = await fetch_keys(self._moto, self._world.region, pool_id)
        return Response(answer, 200, {**_CORS, "cache-control": "public, max-age=86400"}, "application/json")


class PoolTokens:
    """Verifies tokens of user pools as AppSync does: access and ID tokens alike, by signature, expiry and issuer."""

    def __init__(self, world: World, user_pools: Mapping[str, UserPool], moto: MotoProxy) -> None:
        self._world = world
        self._user_pools = user_pools
        self._moto = moto
        self._keys: dict[str, asyncio.Task[KeySet]] = {}

    async def claims(self, user_pool_id: str, token: str) -> dict[str, object]:
        """The claims of a token that this pool signed and that has not expired. Raises TokenRefused."""
        if user_pool_id not in self._user_pools:
            raise TokenRefused(f"there is no user pool {user_pool_id}")
        keys = await self._keys_of(user_pool_id)
        try:
            claims: dict[str, object] = jwt.decode(token, keys, algorithms=["RS256"]).claims
        except (JoseError, ValueError) as error:
            raise TokenRefused(f"the token is not signed by {user_pool_id}: {error}") from None
        expires = claims.get("exp")
        if not isinstance(expires, (int, float)) or expires <= time.time():
            raise TokenRefused("the token has expired")
        if claims.get("iss") != f"https://cognito-idp.{self._world.region}.amazonaws.com/{user_pool_id}":
            raise TokenRefused(f"the token was issued by {claims.get('iss')!r}")
        return claims

    async def _keys_of(self, user_pool_id: str) -> KeySet:
        """The signing keys, fetched once; a failed fetch is not kept."""
        task = self._keys.get(user_pool_id)
        if task is None or (task.done() and (task.cancelled() or task.exception())):
            task = asyncio.create_task(self._fetch(user_pool_id))
            self._keys[user_pool_id] = task
        return await asyncio.shield(task)

    async def _fetch(self, user_pool_id: str) -> KeySet:
        answer = await fetch_keys(self._moto, self._world.region, user_pool_id)
        return KeySet.import_key_set(cast("KeySetSerialization", json.loads(answer)))


async def fetch_keys(moto: MotoProxy, region: str, user_pool_id: str) -> bytes:
    """The JWKS of a user pool, as JSON. Raises CallRefused when moto does not answer."""
    headers = {"authorization": _unsigned_scope(region)}
    return (await moto.send("GET", f"/{user_pool_id}/.well-known/jwks.json", headers, b"")).content


def _unsigned_scope(region: str) -> str:
    """moto takes service and region of a call from its signature."""
    return (
        f"AWS4-HMAC-SHA256 Credential=moto/20000101/{region}/cognito-idp/aws4_request, SignedHeaders=host, Signature=0"
    )
