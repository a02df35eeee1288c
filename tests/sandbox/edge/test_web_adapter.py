"""What the real Web Adapter does to requests and answers on their way, found in its source and in that of its runtime.

https://github.com/awslabs/aws-lambda-web-adapter, https://github.com/aws/aws-lambda-rust-runtime
"""

import base64
import json

import pytest

from tests.sandbox.edge.test_function_url import ECHO
from tests.sandbox.functions.urls import Urls

EMPTY = """
async def app(scope, receive, send):
    headers = [(b"content-type", b"text/x-own")] if scope["path"] == "/typed" else []
    await send({"type": "http.response.start", "status": 204, "headers": headers})
    await send({"type": "http.response.body", "body": b""})
"""
READY = """
paths = []
async def app(scope, receive, send):
    paths.append(scope["path"])
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": paths[0].encode()})
"""
DYING = """
import os
from shared.gate import Gate
async def app(scope, receive, send):
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"one ", "more_body": True})
    if scope["path"] == "/healthz":
        await send({"type": "http.response.body", "body": b""})
    elif scope["path"] == "/raises":
        raise ValueError("no")
    else:
        Gate().wait()
        os._exit(1)
"""
TOLD = b"Lambda-Runtime-Function-Error-Type: Runtime.StreamError\r\nLambda-Runtime-Function-Error-Body: "


@pytest.mark.parametrize(("path", "content_type"), [("none", "application/octet-stream"), ("typed", "text/x-own")])
async def test_a_streamed_answer_without_a_content_type_gets_one(urls: Urls, path: str, content_type: str) -> None:
    root = urls.add(urls.lab.add_web("empty", EMPTY))
    await urls.open()
    response = await urls.client.get(root + path)
    assert (response.status_code, response.headers.get_list("content-type")) == (204, [content_type])
    assert response.content == b""


async def test_a_buffered_answer_keeps_its_headers(urls: Urls) -> None:
    root = urls.add(urls.lab.add_web("empty", EMPTY, environment={"AWS_LWA_INVOKE_MODE": "buffered"}), mode="BUFFERED")
    await urls.open()
    assert "content-type" not in (await urls.client.get(root)).headers


@pytest.mark.parametrize(
    ("path", "seen"),
    [
        ("api/%2e%2e/b", "/b"),
        ("api/%2E./b", "/b"),
        ("api/.%2e", "/"),
        ("a/b/%2e%2e", "/a/"),
        ("a/%2e/b/%2e", "/a/b/"),
        ("%2e%2e/%2e%2e/b", "/b"),
        ("a//%2e%2e/b", "/a/b"),
        ("a/%2e%2e%2e/b%2e%2e", "/a/%2e%2e%2e/b%2e%2e"),
        ("a/%2e%2e%2fb", "/a/%2e%2e%2fb"),
        ("a?q=/x/%2e%2e/y", "/a"),
    ],
)
async def test_dots_in_a_path_are_resolved_however_they_are_written(urls: Urls, path: str, seen: str) -> None:
    root = urls.add(urls.lab.add_web("echo", ECHO))
    await urls.open()
    told = (await urls.client.get(root + path)).json()
    assert (told["path"], told["query"]) == (seen, path.partition("?")[2])


@pytest.mark.parametrize("path", ["healthz", "/healthz", "\\healthz", "x/../healthz"])
async def test_a_readiness_path_begins_with_a_slash_whether_it_is_written_or_not(urls: Urls, path: str) -> None:
    asked = {"AWS_LWA_READINESS_CHECK_PATH": path}
    root = urls.add(urls.lab.add_web("ready", READY, environment=asked))
    await urls.open()
    assert (await urls.client.get(root)).text == "/healthz"


async def test_an_empty_readiness_path_is_the_root(urls: Urls) -> None:
    root = urls.add(urls.lab.add_web("ready", READY, environment={"AWS_LWA_READINESS_CHECK_PATH": ""}))
    await urls.open()
    assert (await urls.client.get(root)).text == "/"


async def test_the_context_has_the_members_of_the_runtimes_context(urls: Urls) -> None:
    root = urls.add(urls.lab.add_web("echo", ECHO))
    await urls.open()
    context = json.loads((await urls.client.get(root)).json()["headers"]["x-amzn-lambda-context"])
    assert {name: context[name] for name in ("client_context", "identity", "tenant_id")} == {
        "client_context": None,
        "identity": None,
        "tenant_id": None,
    }


@pytest.mark.parametrize("how", ["exits", "is killed", "raises"])
async def test_a_body_whose_server_breaks_off_ends_properly_after_a_text_that_says_so(urls: Urls, how: str) -> None:
    root = urls.add(urls.lab.add_web("dying", DYING))
    await urls.open()
    async with urls.client.stream("GET", root + how.partition(" ")[0]) as response:
        if how != "raises":
            visit = await urls.lab.gate.arrival()
            if how == "exits":
                await visit.release()
            else:
                assert await urls.functions.kill("dying") == 1
        body = await response.aread()
    sent, separator, said = body.partition(TOLD)
    assert (sent, separator) == (b"one ", TOLD)
    assert base64.b64decode(said.removesuffix(b"\r\n"), validate=True) == b"error reading a body from connection"
    if how != "raises":
        assert "Error Type: Runtime.ExitError" in "\n".join(urls.lab.log("dying"))
