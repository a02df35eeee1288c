"""Signed requests to a function URL with the auth type `AWS_IAM`, in the name of a user of the stack's pool.

The user's ID token gets AWS credentials from the identity pool, by the enhanced flow; they last an hour.
https://docs.aws.amazon.com/cognito/latest/developerguide/authentication-flow.html
"""

import time
from collections.abc import AsyncGenerator, Mapping
from dataclasses import dataclass
from typing import Any, cast

import httpx
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from shared.contract.errors import ErrorCode
from shared.contract.outputs import Output, SigningOutput
from streamways.clients.errors import Refused
from streamways.clients.outputs import StackOutputs
from streamways.clients.refusals import object_of

RENEWED_BEFORE_SECONDS = 300
"""Credentials that end sooner are renewed: a request must not reach AWS with expired ones."""
ID_TOKEN_VARIABLE = "STREAMWAYS_ID_TOKEN"

_CODES = {"NotAuthorizedException": ErrorCode.UNAUTHENTICATED, "TooManyRequestsException": ErrorCode.RATE_LIMITED}
"""https://docs.aws.amazon.com/cognitoidentity/latest/APIReference/API_GetCredentialsForIdentity.html"""


@dataclass(frozen=True)
class _Given:
    credentials: Credentials
    expires_at: float


class UserSigner(httpx.Auth):
    """Signs with the credentials of one user; several clients may share it.

    The signature takes `Authorization`, so the access token moves to `X-Authorization`. A request raises `Refused` when
    the identity pool gives no credentials.
    """

    def __init__(self, outputs: StackOutputs, id_token: str | None) -> None:
        self._region = outputs[Output.REGION]
        self._login = outputs[Output.ISSUER].removeprefix("https://")
        self._identity_pool_id = outputs[SigningOutput.IDENTITY_POOL_ID]
        self._endpoint = outputs[SigningOutput.IDENTITY_ENDPOINT]
        self._id_token = id_token
        self._given: _Given | None = None

    async def async_auth_flow(self, request: httpx.Request) -> AsyncGenerator[httpx.Request, httpx.Response]:
        """The request, after those that get credentials; once more with new ones if AWS refuses those at hand."""
        await request.aread()
        if "authorization" in request.headers:
            request.headers["x-authorization"] = request.headers.pop("authorization")
        for at_hand in (self._at_hand(), None):
            given = at_hand
            if given is None:
                identity = await _answer((yield self._get_id()))
                answer = await _answer((yield self._get_credentials(str(identity.get("IdentityId")))))
                given = self._given = _credentials(answer)
            self._sign(request, given.credentials)
            response = yield request
            if at_hand is None or not await _refused_by_aws(response):
                return

    def _at_hand(self) -> _Given | None:
        given = self._given
        return given if given and given.expires_at - time.time() > RENEWED_BEFORE_SECONDS else None

    def _sign(self, request: httpx.Request, credentials: Credentials) -> None:
        signed = {name: request.headers[name] for name in ("x-authorization",) if name in request.headers}
        to_sign = AWSRequest(request.method, str(request.url), signed, request.content)
        SigV4Auth(credentials, "lambda", self._region).add_auth(to_sign)
        request.headers.update(dict(to_sign.headers.items()))

    def _get_id(self) -> httpx.Request:
        return self._call("GetId", {"IdentityPoolId": self._identity_pool_id})

    def _get_credentials(self, identity_id: str) -> httpx.Request:
        return self._call("GetCredentialsForIdentity", {"IdentityId": identity_id})

    def _call(self, operation: str, fields: Mapping[str, object]) -> httpx.Request:
        if not self._id_token:
            needed = f"set {ID_TOKEN_VARIABLE} to the user's ID token, beside the access token"
            raise Refused(ErrorCode.UNAUTHENTICATED, f"the function URL takes signed requests alone: {needed}")
        return httpx.Request(
            "POST",
            self._endpoint,
            headers={
                "content-type": "application/x-amz-json-1.1",
                "x-amz-target": f"AWSCognitoIdentityService.{operation}",
            },
            json={**fields, "Logins": {self._login: self._id_token}},
        )


def signer_of(outputs: StackOutputs, id_token: str | None) -> UserSigner | None:
    """What signs for the user of an ID token; None for a stack whose users do not sign."""
    return UserSigner(outputs, id_token) if outputs.get(SigningOutput.IDENTITY_POOL_ID) else None


async def _answer(response: httpx.Response) -> Mapping[str, Any]:
    """What Cognito answered. Raises Refused."""
    answer = cast("dict[str, Any]", object_of(await response.aread()))
    if response.status_code != 200:
        kind = str(answer.get("__type", "")).rpartition("#")[2]
        said = answer.get("message") or answer.get("Message") or f"HTTP {response.status_code}"
        raise Refused(_CODES.get(kind, ErrorCode.INTERNAL), f"the identity pool gives no credentials: {said}")
    return answer


def _credentials(answer: Mapping[str, Any]) -> _Given:
    try:
        given = answer["Credentials"]
        keys = Credentials(given["AccessKeyId"], given["SecretKey"], given["SessionToken"])
        return _Given(keys, float(given["Expiration"]))
    except (KeyError, TypeError, ValueError) as error:
        raise Refused(ErrorCode.INTERNAL, "the identity pool answered without credentials") from error


async def _refused_by_aws(response: httpx.Response) -> bool:
    """Whether AWS said no before the function ran; what the function refuses has an `error` in its body."""
    return response.status_code == 403 and "error" not in object_of(await response.aread())
