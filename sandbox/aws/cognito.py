"""Amazon Cognito as anyone may reach it: `{origin}/cognito`.

AWS lets some operations pass unsigned because their input authenticates the caller; the others need a signature, and
are the gateway's. https://docs.aws.amazon.com/cognito/latest/developerguide/authentication-flows-public-server-side.html
"""

import json
from collections.abc import Awaitable, Callable, Mapping
from typing import cast

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from sandbox.aws.moto_proxy import MotoProxy
from sandbox.aws.pool_tokens import fetch_keys
from sandbox.aws.refusals import CallRefused, response_to
from sandbox.aws.user_pools import UserPool
from sandbox.world import World

PREFIX = "/cognito"
TARGET_PREFIX = "AWSCognitoIdentityProviderService."

# https://docs.aws.amazon.com/cognito/latest/developerguide/security_iam_service-with-iam.html, "unauthenticated" and
# "token-authorized" operations
PUBLIC_OPERATIONS = frozenset(
    [
        "ChangePassword",
        "GetTokensFromRefreshToken",
        "GetUser",
        "GlobalSignOut",
        "InitiateAuth",
        "RespondToAuthChallenge",
        "RevokeToken",
        "SignUp",
        "UpdateUserAttributes",
    ]
)
ADMINISTRATORS = {
    "ConfirmForgotPassword": "AdminSetUserPassword",
    "ConfirmSignUp": "AdminConfirmSignUp",
    "DeleteUser": "AdminDeleteUser",
    "DeleteUserAttributes": "AdminDeleteUserAttributes",
    "ForgotPassword": "AdminSetUserPassword",
    "GetUserAttributeVerificationCode": "AdminUpdateUserAttributes",
    "ResendConfirmationCode": "AdminConfirmSignUp",
    "VerifyUserAttribute": "AdminUpdateUserAttributes",
}
"""Public operations that are not emulated, most for want of e-mails, with what an administrator does instead."""
NOT_EMULATED = frozenset(
    [
        "AdminSetUserMFAPreference",
        "AdminSetUserSettings",
        "AssociateSoftwareToken",
        "CompleteWebAuthnRegistration",
        "ConfirmDevice",
        "DeleteWebAuthnCredential",
        "ForgetDevice",
        "GetDevice",
        "GetUserAuthFactors",
        "ListDevices",
        "ListWebAuthnCredentials",
        "SetUserMFAPreference",
        "SetUserPoolMfaConfig",
        "SetUserSettings",
        "StartWebAuthnRegistration",
        "UpdateDeviceStatus",
        "VerifySoftwareToken",
    ]
)
"""Operations of a second factor, of passkeys and of remembered devices."""

CORS = {
    "access-control-allow-origin": "*",
    "access-control-allow-headers": "*",
    "access-control-allow-methods": "GET, POST",
    "access-control-expose-headers": "x-amzn-errortype, x-amzn-errormessage, x-amzn-requestid, date",
    "access-control-max-age": "172800",
}
"""What pages may ask of Cognito, from wherever they come. `date` tells them by how much their clock is wrong."""
_TEXTS = ("AccessToken", "AuthFlow", "ChallengeName", "ClientId", "Password", "Session", "Token", "Username")
MAX_BODY_BYTES = 128 * 1024


class PublicCognito:
    """Serves sign-in and the signing keys of the World's user pools; what needs a signature goes to `signed`."""

    def __init__(
        self,
        world: World,
        user_pools: Mapping[str, UserPool],
        moto: MotoProxy,
        signed: Callable[[Request], Awaitable[Response]],
    ) -> None:
        self._world = world
        self._user_pools = user_pools
        self._moto = moto
        self._signed = signed

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
        return Response(status_code=204, headers=CORS)

    async def _operate(self, request: Request) -> Response:
        operation = operation_of(request)
        try:
            check_emulated(operation)
            response = await (self._forward(request) if operation in PUBLIC_OPERATIONS else self._signed(request))
        except CallRefused as refusal:
            response = response_to(request, refusal)
            response.headers["x-amzn-errortype"] = f"{refusal.code}:"
        response.headers.update(CORS)
        return response

    async def _forward(self, request: Request) -> Response:
        body = await request.body()
        _check_types(fields_of(body))
        headers = {
            "content-type": "application/x-amz-json-1.1",
            "x-amz-target": request.headers["x-amz-target"],
            "authorization": _unsigned_scope(self._world.region),
        }
        return await self._moto.forward(body, headers)

    async def _keys(self, request: Request) -> Response:
        pool_id = request.path_params["pool_id"]
        if pool_id not in self._user_pools:
            body = json.dumps({"message": f"User pool {pool_id} does not exist."})
            return Response(body, 404, CORS, "application/json")
        answer = await fetch_keys(self._moto, pool_id)
        return Response(answer, 200, {**CORS, "cache-control": "public, max-age=86400"}, "application/json")


def operation_of(request: Request) -> str:
    """The operation that a request names, or an empty text."""
    return request.headers.get("x-amz-target", "").removeprefix(TARGET_PREFIX)


def check_emulated(operation: str) -> None:
    """Refuse an operation that moto would carry out for anybody, or fail over. Raises CallRefused."""
    if operation in ADMINISTRATORS:
        raise CallRefused(
            "InvalidParameterException",
            f"The sandbox does not emulate {operation}, and sends no codes: sign {ADMINISTRATORS[operation]} instead, "
            "with the credentials in its state.json.",
        )
    if operation in NOT_EMULATED:
        raise CallRefused("InvalidParameterException", f"The sandbox does not emulate {operation}.")


def fields_of(body: bytes) -> Mapping[str, object]:
    """The fields of a call that comes from anywhere. Raises CallRefused."""
    if len(body) > MAX_BODY_BYTES:
        raise CallRefused("RequestEntityTooLargeException", f"A request has at most {MAX_BODY_BYTES:,} bytes.", 413)
    try:
        call: object = json.loads(body)
    except (ValueError, RecursionError):
        call = None
    if not isinstance(call, dict):
        raise CallRefused("SerializationException", "The request body is not a JSON object.")
    return cast("dict[str, object]", call)


def _check_types(fields: Mapping[str, object]) -> None:
    """moto takes whatever JSON holds, and fails over it."""
    wrong = [name for name in _TEXTS if not isinstance(fields.get(name, ""), str | None)]
    if wrong:
        raise CallRefused("SerializationException", f"{wrong[0]} is not a text.")


def _unsigned_scope(region: str) -> str:
    """moto takes service and region of a call from its signature."""
    return (
        f"AWS4-HMAC-SHA256 Credential=moto/20000101/{region}/cognito-idp/aws4_request, SignedHeaders=host, Signature=0"
    )
