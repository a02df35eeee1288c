"""Function URLs of plain Python functions: payload format 2.0 in, a whole answer out."""

import base64
import json
import socket
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from sandbox.edge.function_url_events import Answer, MalformedAnswer, answer_of
from sandbox.errors import ResourceRefused
from sandbox.functions.limits import REQUEST_BYTES
from sandbox.options import PROJECT_ROOT
from sandbox.world import Cors
from stacks.websocket_stream import TICKET_REQUEST_HEADERS, TICKET_RESPONSE_HEADERS
from tests.sandbox.functions.lab import SITE_PACKAGES, Lab
from tests.sandbox.functions.urls import Urls, permit

ECHO = """
def handler(event, context):
    return {**event, "invocation": context.aws_request_id}
"""
JSON_TYPE = (b"content-type", b"application/json")


async def test_a_request_becomes_an_event_of_payload_format_two(urls: Urls) -> None:
    path = urls.add(urls.lab.add("echo", ECHO), mode="BUFFERED")
    await urls.open()
    response = await urls.client.post(
        f"{path}a%20b?x=1&x=2&empty=&slash=%2F",
        content='{"héllo": 1}',
        headers={"X-Custom": "Kept", "Cookie": "one=1; two=2", "Content-Type": "application/json"},
    )
    event = response.json()
    context = event.pop("requestContext")
    assert (response.status_code, response.headers["content-type"]) == (200, "application/json")
    assert event.pop("invocation") == context["requestId"] == response.headers["x-amzn-requestid"]
    headers = event.pop("headers")
    assert event == {
        "version": "2.0",
        "routeKey": "$default",
        "rawPath": "/a%20b",
        "rawQueryString": "x=1&x=2&empty=&slash=%2F",
        "queryStringParameters": {"x": "1,2", "empty": "", "slash": "/"},
        "cookies": ["one=1", "two=2"],
        "body": '{"héllo": 1}',
        "isBase64Encoded": False,
    }
    assert headers["x-custom"] == "Kept"
    assert "cookie" not in headers
    assert context["http"]["method"] == "POST"
    assert context["accountId"] == "anonymous"
    assert context["stage"] == context["routeKey"] == "$default"


@pytest.mark.parametrize(
    ("content_type", "body", "encoded"),
    [
        ("text/plain; charset=utf-8", b"plain", False),
        ("application/json", b"{}", False),
        ("application/x-www-form-urlencoded", b"a=b", True),
        ("application/octet-stream", b"\xff", True),
        ("text/plain", b"\xff", True),
        (None, b"untyped", True),
        (None, b"", False),
    ],
)
async def test_only_text_travels_as_it_is(urls: Urls, content_type: str | None, body: bytes, encoded: bool) -> None:
    path = urls.add(urls.lab.add("echo", ECHO), mode="BUFFERED")
    await urls.open()
    headers = {} if content_type is None else {"content-type": content_type}
    event = (await urls.client.post(path, content=body, headers=headers)).json()
    assert event["isBase64Encoded"] is encoded
    got = event.get("body", "")
    assert (base64.b64decode(got) if encoded else got.encode()) == body
    assert ("body" in event) is bool(body)


async def test_the_url_adds_its_cors_and_lambdas_own_headers(urls: Urls) -> None:
    code = """
    def handler(event, context):
        answer = {"statusCode": 401, "headers": {"WWW-Authenticate": "Bearer", "Content-Length": 99}, "body": "no"}
        return {**answer, "cookies": ["a=1", "b=2"]}
    """
    cors = Cors(allow_origins=("https://a.example",), allow_methods=("POST",), expose_headers=("retry-after",))
    path = urls.add(urls.lab.add("refusing", code), mode="BUFFERED", cors=cors)
    await urls.open()
    response = await urls.client.post(path, headers={"Origin": "https://a.example"})
    assert (response.status_code, response.text, response.headers["content-length"]) == (401, "no", "2")
    assert response.headers["x-amzn-remapped-www-authenticate"] == "Bearer"
    assert response.headers["access-control-allow-origin"] == "https://a.example"
    assert response.headers.get_list("set-cookie") == ["a=1", "b=2"]
    preflight = await urls.client.options(
        path, headers={"Origin": "https://a.example", "Access-Control-Request-Method": "POST"}
    )
    assert preflight.headers["access-control-allow-methods"] == "POST"


async def test_a_page_can_read_when_it_may_ask_for_a_ticket_again(urls: Urls) -> None:
    """The tickets function itself, whose user pool does not answer, behind the CORS of the program."""
    code = f"""
    import sys
    sys.path[:0] = [{str(PROJECT_ROOT)!r}, {str(SITE_PACKAGES)!r}]
    for package in ("handlers", "shared"):
        sys.modules.pop(package, None)  # the lab has its own of this name
    from handlers.websocket.tickets import handler
    """
    with socket.create_server(("127.0.0.1", 0)) as nobody:
        pool = f"http://127.0.0.1:{nobody.getsockname()[1]}/"
    token = jwt.encode({"sub": "ada"}, rsa.generate_private_key(65537, 2048), "RS256", headers={"kid": "k"})
    environment = {"TOKEN_ISSUER": pool, "TOKEN_JWKS_URL": pool, "TOKEN_CLIENT_IDS": "ours", "STREAMS_TABLE": "none"}
    cors = Cors(
        allow_origins=("https://a.example",),
        allow_methods=("POST",),
        allow_headers=TICKET_REQUEST_HEADERS,
        expose_headers=TICKET_RESPONSE_HEADERS,
    )
    path = urls.add(urls.lab.add("tickets", code, environment=environment), mode="BUFFERED", cors=cors)
    await urls.open()
    response = await urls.client.post(path, headers={"Origin": "https://a.example", "Authorization": f"Bearer {token}"})
    assert (response.status_code, response.json()["error"]["code"]) == (503, "internal")
    assert int(response.headers["retry-after"]) == response.json()["error"]["retryAfter"]
    assert "retry-after" in response.headers["access-control-expose-headers"].split(",")
    assert response.headers["access-control-allow-origin"] == "https://a.example"


@pytest.mark.parametrize(
    "code",
    [
        "def handler(event, context): raise ValueError",
        "import os\ndef handler(event, context): os._exit(1)",
        "import nothing_like_this",
        "def handler(event, context): return {'statusCode': 'fine'}",
        "def handler(event, context): return 'x' * 7_000_000",
    ],
)
async def test_a_function_that_fails_or_answers_badly_is_a_502(urls: Urls, code: str) -> None:
    path = urls.add(urls.lab.add("broken", code), mode="BUFFERED")
    await urls.open()
    response = await urls.client.get(path)
    assert (response.status_code, response.text) == (502, "Internal Server Error")


async def test_without_both_permissions_the_function_is_not_reached(urls: Urls) -> None:
    function = urls.lab.add("echo", ECHO)
    path = urls.add(function, mode="BUFFERED")
    permit(function)
    await urls.open()
    assert (await urls.client.get(path)).status_code == 403
    assert urls.lab.log("echo") == []


async def test_an_event_of_more_than_six_megabytes_is_refused(urls: Urls) -> None:
    path = urls.add(urls.lab.add("echo", ECHO), mode="BUFFERED")
    await urls.open()
    # The body alone is within the limit; in base64, within its event, it is not.
    assert (await urls.client.post(path, content=b"\xff" * (REQUEST_BYTES - 1_000_000))).status_code == 413


async def test_a_plain_function_with_a_streaming_url_is_refused_at_deployment(lab: Lab) -> None:
    Urls(lab).add(lab.add("echo", ECHO), mode="RESPONSE_STREAM")
    with pytest.raises(ResourceRefused, match="echo has a function URL that streams and no Web Adapter"):
        await lab.service()


@pytest.mark.parametrize(
    ("returned", "status", "headers", "body"),
    [
        ({"ticket": "t"}, 200, [JSON_TYPE], b'{"ticket": "t"}'),
        ("text", 200, [JSON_TYPE], b'"text"'),
        (None, 200, [JSON_TYPE], b"null"),
        ([1], 200, [JSON_TYPE], b"[1]"),
        ({"statusCode": 204}, 204, [JSON_TYPE], b""),
        ({"statusCode": 200, "headers": None, "body": None, "cookies": None}, 200, [JSON_TYPE], b""),
        (
            {"statusCode": 200, "headers": {"Content-Type": "text/html", "X-N": 7, "X-B": True}, "body": "<p>"},
            200,
            [(b"content-type", b"text/html"), (b"x-n", b"7"), (b"x-b", b"true")],
            b"<p>",
        ),
        ({"statusCode": 200, "body": "/w==", "isBase64Encoded": True}, 200, [JSON_TYPE], b"\xff"),
    ],
)
def test_what_is_returned_becomes_an_answer(
    returned: Any, status: int, headers: list[tuple[bytes, bytes]], body: bytes
) -> None:
    assert answer_of(json.dumps(returned).encode()) == Answer(status, headers, body)


@pytest.mark.parametrize(
    "returned",
    [
        {"statusCode": "200"},
        {"statusCode": True},
        {"statusCode": 99},
        {"statusCode": 600},
        {"statusCode": 200, "headers": ["a"]},
        {"statusCode": 200, "headers": {"a": ["b"]}},
        {"statusCode": 200, "headers": {"a": "b\r\nset-cookie: c"}},
        {"statusCode": 200, "headers": {"ü": "b"}},
        {"statusCode": 200, "cookies": "a=b"},
        {"statusCode": 200, "cookies": [{}]},
        {"statusCode": 200, "body": {"a": 1}},
        {"statusCode": 200, "body": "%", "isBase64Encoded": True},
        {"statusCode": 200, "body": "\ud800"},
    ],
    ids=str,
)
def test_what_is_no_response_is_malformed(returned: Any) -> None:
    with pytest.raises(MalformedAnswer):
        answer_of(json.dumps(returned).encode())
