"""A stack of the function URL alone, with `functionUrlAuth: AWS_IAM`: the signature lets in, the token says who."""

import json
from collections.abc import Iterator

import httpx
import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from streamways.clients.client import chat_request
from tests.support.sandbox import FAST, RunningSandbox, running_sandbox


@pytest.fixture(scope="module")
def signed() -> Iterator[RunningSandbox]:
    config = {"architectures": '["function-url"]', "functionUrlAuth": "AWS_IAM"}
    with running_sandbox(*FAST, config=config) as running:
        yield running


def ask(sandbox: RunningSandbox, *, sign: bool, token: str | None) -> httpx.Response:
    request = chat_request("How is the function URL secured?")
    url = f"{sandbox.outputs['functionUrl']}api/chat"
    body = json.dumps({"id": request.chat_id, "messages": request.messages}).encode()
    headers = {"content-type": "application/json"}
    if token is not None:
        headers["x-authorization"] = f"Bearer {token}"
    to_send = AWSRequest("POST", url, headers, body)
    if sign:
        keys = sandbox.state.credentials
        credentials = Credentials(keys.access_key_id, keys.secret_access_key, keys.session_token)
        SigV4Auth(credentials, "lambda", sandbox.state.region).add_auth(to_send)
    return httpx.post(url, content=body, headers=dict(to_send.headers.items()), timeout=30)


def test_the_stack_holds_the_one_architecture(signed: RunningSandbox) -> None:
    assert signed.outputs.get("functionUrl")
    assert not {"webSocketUrl", "appSyncUrl", "appSyncRealtimeUrl"} & set(signed.state.outputs)


def test_an_unsigned_request_is_refused_by_aws_whatever_its_token(signed: RunningSandbox) -> None:
    response = ask(signed, sign=False, token=signed.token())
    assert response.status_code == 403
    assert response.json()["Message"].startswith("Forbidden")


def test_a_signed_request_without_a_token_is_refused_by_the_function(signed: RunningSandbox) -> None:
    response = ask(signed, sign=True, token=None)
    assert (response.status_code, response.json()["error"]["code"]) == (401, "unauthenticated")


def test_a_signed_request_with_a_token_streams(signed: RunningSandbox) -> None:
    response = ask(signed, sign=True, token=signed.token())
    assert response.status_code == 200
    assert response.text.endswith("data: [DONE]\n\n")
