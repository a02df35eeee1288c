"""Signed requests of a user: when credentials are asked for, kept, renewed, and given up."""

import json
import time
from collections.abc import Sequence
from typing import Any

import httpx
import pytest

from streamways.clients.errors import Refused
from streamways.clients.outputs import StackOutputs
from streamways.clients.signing import signer_of

URL = "https://f.example/api/chat"
OUTPUTS = StackOutputs(
    {
        "functionUrl": "https://f.example/",
        "region": "us-east-1",
        "issuer": "https://cognito-idp.us-east-1.amazonaws.com/us-east-1_A",
        "identityPoolId": "us-east-1:pool",
        "identityEndpoint": "https://identity.example",
    }
)
FORBIDDEN = httpx.Response(403, json={"Message": "The security token included in the request is expired"})
OURS = httpx.Response(403, json={"error": {"code": "forbidden", "message": "not yours"}})


class Aws:
    """Identity pool and function URL; `answers` are those of the URL, in order, and 200 after them."""

    def __init__(self, *answers: httpx.Response, lasts: float = 3600, given: object = None) -> None:
        self.asked: list[str] = []
        self.requests: list[httpx.Request] = []
        self._answers = list(answers)
        self._lasts = lasts
        self._given = given

    def answer(self, request: httpx.Request) -> httpx.Response:
        if request.url.host == "identity.example":
            operation = request.headers["x-amz-target"].partition(".")[2]
            self.asked.append(operation)
            return self._identity(operation, json.loads(request.content))
        self.asked.append(request.method)
        self.requests.append(request)
        return self._answers.pop(0) if self._answers else httpx.Response(200, json={})

    def _identity(self, operation: str, fields: dict[str, Any]) -> httpx.Response:
        assert fields["Logins"] == {"cognito-idp.us-east-1.amazonaws.com/us-east-1_A": "id"}
        if isinstance(self._given, httpx.Response):
            return self._given
        if operation == "GetId":
            assert fields["IdentityPoolId"] == "us-east-1:pool"
            return httpx.Response(200, json={"IdentityId": "us-east-1:user"})
        assert fields["IdentityId"] == "us-east-1:user"
        number = len(self.asked)
        keys = {"AccessKeyId": f"ASIA{number}", "SecretKey": "s", "SessionToken": f"t{number}"}
        return httpx.Response(
            200, json={"Credentials": self._given or {**keys, "Expiration": time.time() + self._lasts}}
        )

    async def statuses(self, count: int = 1) -> Sequence[int]:
        signer = signer_of(OUTPUTS, "id")
        async with httpx.AsyncClient(
            auth=signer, transport=httpx.MockTransport(self.answer), headers={"authorization": "Bearer access"}
        ) as client:
            return [(await client.post(URL, json={"n": number})).status_code for number in range(count)]


NEW = ["GetId", "GetCredentialsForIdentity"]


async def test_credentials_are_asked_for_once_and_the_access_token_moves_aside() -> None:
    aws = Aws()
    assert await aws.statuses(2) == [200, 200]
    assert aws.asked == [*NEW, "POST", "POST"]
    for request in aws.requests:
        assert request.headers["authorization"].startswith("AWS4-HMAC-SHA256 Credential=ASIA2/")
        assert "/us-east-1/lambda/aws4_request" in request.headers["authorization"]
        assert request.headers["x-authorization"] == "Bearer access"
        assert request.headers["x-amz-security-token"] == "t2"


async def test_credentials_that_are_about_to_end_are_renewed() -> None:
    aws = Aws(lasts=299)
    assert await aws.statuses(2) == [200, 200]
    assert aws.asked == [*NEW, "POST", *NEW, "POST"]


async def test_a_request_that_aws_refuses_is_sent_once_more_with_new_credentials() -> None:
    aws = Aws(httpx.Response(200), FORBIDDEN)
    assert await aws.statuses(2) == [200, 200]
    assert aws.asked == [*NEW, "POST", "POST", *NEW, "POST"]
    assert aws.requests[-1].content == b'{"n":1}'
    assert aws.requests[-1].headers["x-authorization"] == "Bearer access"
    assert aws.requests[-1].headers["x-amz-security-token"] == "t6"


async def test_a_request_with_new_credentials_that_aws_refuses_is_refused() -> None:
    aws = Aws(FORBIDDEN)
    assert await aws.statuses() == [403]
    assert aws.asked == [*NEW, "POST"]


async def test_what_the_function_refuses_is_not_sent_again() -> None:
    aws = Aws(httpx.Response(200), OURS)
    assert await aws.statuses(2) == [200, 403]
    assert aws.asked == [*NEW, "POST", "POST"]


@pytest.mark.parametrize(
    ("given", "code", "said"),
    [
        (
            httpx.Response(
                400, json={"__type": "com.amazon#NotAuthorizedException", "message": "Invalid login token."}
            ),
            "unauthenticated",
            "Invalid login token.",
        ),
        (httpx.Response(400, json={"__type": "TooManyRequestsException"}), "rate_limited", "HTTP 400"),
        (httpx.Response(502, text="<html>"), "internal", "HTTP 502"),
        ({"AccessKeyId": "A"}, "internal", "answered without credentials"),
        ({"AccessKeyId": "A", "SecretKey": "s", "SessionToken": "t", "Expiration": "soon"}, "internal", "without"),
    ],
)
async def test_an_identity_pool_that_gives_no_credentials_is_a_refusal(given: object, code: str, said: str) -> None:
    with pytest.raises(Refused, match=said) as refusal:
        await Aws(given=given).statuses()
    assert refusal.value.code == code


def test_a_stack_whose_users_do_not_sign_has_no_signer() -> None:
    assert signer_of(StackOutputs({"functionUrl": "https://f.example/"}), "id") is None
