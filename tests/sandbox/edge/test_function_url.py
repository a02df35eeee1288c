"""Function URLs over real sockets, with real web servers behind them."""

import asyncio
import json

import httpx
import pytest

from sandbox.functions.limits import REQUEST_BYTES, Limits
from sandbox.functions.web_stream import PIECES_AHEAD
from tests.sandbox.functions.urls import Urls

ECHO = """
import json, os
async def app(scope, receive, send):
    body = b""
    while True:
        message = await receive()
        body += message["body"]
        if not message.get("more_body"):
            break
    answer = {
        "method": scope["method"],
        "path": scope["raw_path"].decode(),
        "query": scope["query_string"].decode(),
        "headers": {name.decode(): value.decode() for name, value in scope["headers"]},
        "names": [name.decode() for name, _ in scope["headers"]],
        "body": body.decode(),
        "port": [os.environ["AWS_LWA_PORT"], scope["server"][1]],
    }
    headers = [(b"content-type", b"application/json"), (b"www-authenticate", b"Bearer")]
    await send({"type": "http.response.start", "status": 201, "headers": headers})
    await send({"type": "http.response.body", "body": json.dumps(answer).encode()})
"""
PIECES = """
from shared.gate import Gate
async def app(scope, receive, send):
    if scope["path"] == "/healthz":
        await send({"type": "http.response.start", "status": 404, "headers": []})
        await send({"type": "http.response.body", "body": b""})
        return
    gate = Gate("started")
    await send({"type": "http.response.start", "status": 200, "headers": []})
    for piece in (b"one ", b"two ", b"three"):
        await send({"type": "http.response.body", "body": piece, "more_body": True})
        gate.say(piece[:9].decode())
        gate.wait()
    await send({"type": "http.response.body", "body": b""})
    gate.say("done")
"""


async def test_a_request_reaches_the_server_as_the_adapter_sends_it(urls: Urls) -> None:
    path = urls.add(urls.lab.add_web("echo", ECHO, timeout=9))
    await urls.open()
    response = await urls.client.post(
        f"{path}api/a%20b?x=1&y=%2F",
        content="héllo",
        headers={"X-Custom": "Kept", "x-amzn-request-context": "forged", "x-amzn-lambda-context": "forged"},
    )
    assert response.status_code == 201
    seen = response.json()
    assert (seen["method"], seen["path"], seen["query"], seen["body"]) == ("POST", "/api/a%20b", "x=1&y=%2F", "héllo")
    assert seen["headers"]["x-custom"] == "Kept"
    assert len(seen["names"]) == len(set(seen["names"])), "what the client forged is overwritten"
    assert seen["headers"]["x-forwarded-for"] == "127.0.0.1"
    context = json.loads(seen["headers"]["x-amzn-request-context"])
    assert context["http"] | {"userAgent": ""} == {
        "method": "POST",
        "path": "/api/a%20b",
        "protocol": "HTTP/1.1",
        "sourceIp": "127.0.0.1",
        "userAgent": "",
    }
    assert context["accountId"] == "anonymous"
    assert context["domainName"] == "echourl.lambda-url.us-east-1.on.aws"
    assert context["requestId"] == response.headers["x-amzn-requestid"]
    lambda_context = json.loads(seen["headers"]["x-amzn-lambda-context"])
    assert lambda_context["request_id"] == context["requestId"]
    assert 9000 <= lambda_context["deadline"] - context["timeEpoch"] < 19_000, "from the start of the invocation"
    assert lambda_context["invoked_function_arn"] == "arn:aws:lambda:us-east-1:000000000000:function:echo"
    assert lambda_context["xray_trace_id"] == seen["headers"]["x-amzn-trace-id"] == response.headers["x-amzn-trace-id"]
    assert lambda_context["env_config"]["log_group"] == "/aws/lambda/echo"
    assert f"START RequestId: {context['requestId']} Version: $LATEST" in urls.lab.log("echo")


async def test_the_root_of_the_url_is_the_root_of_the_server(urls: Urls) -> None:
    path = urls.add(urls.lab.add_web("echo", ECHO))
    await urls.open()
    assert (await urls.client.get(path)).json()["path"] == "/"


async def test_lambda_keeps_some_header_names_for_itself(urls: Urls) -> None:
    path = urls.add(urls.lab.add_web("echo", ECHO))
    await urls.open()
    response = await urls.client.get(path)
    assert "www-authenticate" not in response.headers
    assert response.headers["x-amzn-remapped-www-authenticate"] == "Bearer"


async def test_each_environment_has_a_port_of_its_own(urls: Urls) -> None:
    path = urls.add(urls.lab.add_web("echo", ECHO))
    await urls.open()
    answers = await asyncio.gather(*(urls.client.get(path) for _ in range(2)))
    ports = [answer.json()["port"] for answer in answers]
    assert all(told == str(used) != "8080" for told, used in ports)
    assert ports[0] != ports[1]


async def test_pieces_arrive_as_the_function_sends_them(urls: Urls) -> None:
    path = urls.add(urls.lab.add_web("pieces", PIECES))
    await urls.open()
    async with urls.client.stream("GET", path) as response:
        assert response.status_code == 200
        assert "content-length" not in response.headers
        visit = await urls.lab.gate.arrival()
        pieces = response.aiter_raw()
        for piece in ("one ", "two ", "three"):
            assert (await anext(pieces)).decode() == piece, "it is there before the function goes on"
            assert await visit.next() == piece
            await visit.release()
        assert [piece async for piece in pieces] == []


@pytest.mark.parametrize(
    ("url_mode", "adapter_mode"), [("BUFFERED", "response_stream"), ("RESPONSE_STREAM", "buffered")]
)
async def test_nothing_streams_unless_url_and_adapter_both_do(urls: Urls, url_mode: str, adapter_mode: str) -> None:
    function = urls.lab.add_web("pieces", PIECES, environment={"AWS_LWA_INVOKE_MODE": adapter_mode})
    path = urls.add(function, mode=url_mode)
    other = urls.add(urls.lab.add_web("echo", ECHO))
    await urls.open()
    request = asyncio.ensure_future(urls.client.send(urls.client.build_request("GET", path), stream=True))
    visit = await urls.lab.gate.arrival()
    for piece in ("one ", "two ", "three"):
        assert await visit.next() == piece
        await urls.client.get(other)  # a whole exchange later nothing has come
        assert not request.done()
        await visit.release()
    response = await request
    assert await response.aread() == b"one two three"


async def test_a_client_that_hangs_up_does_not_stop_the_function(urls: Urls) -> None:
    more = PIECES.replace('b"three")', f'b"three", *[b"x" * 1_000_000] * {PIECES_AHEAD * 2})')
    # More than the pieces ahead and the sockets hold, so that a body which nobody drains would stop the function.
    path = urls.add(urls.lab.add_web("pieces", more.replace("gate.wait()", "len(piece) > 9 or gate.wait()")))
    await urls.open()
    async with urls.client.stream("GET", path) as response:
        visit = await urls.lab.gate.arrival()
        assert await anext(response.aiter_raw()) == b"one "
        assert await visit.next() == "one "
    await visit.release()
    for said in ("two ", "three"):
        assert await visit.next() == said
        await visit.release()
    while (said := await visit.next()) != "done":
        assert said.startswith("x")


async def test_a_timeout_cuts_the_stream(urls: Urls) -> None:
    path = urls.add(urls.lab.add_web("pieces", PIECES, timeout=1))
    await urls.open()
    async with urls.client.stream("GET", path) as response:
        pieces = response.aiter_raw()
        assert await anext(pieces) == b"one "
        with pytest.raises(httpx.RemoteProtocolError, match="incomplete chunked read"):
            await anext(pieces)
    assert "Task timed out after 1.00 seconds" in "\n".join(urls.lab.log("pieces"))


async def test_a_stream_that_grows_too_long_is_cut_and_the_function_runs_on(urls: Urls) -> None:
    path = urls.add(urls.lab.add_web("pieces", PIECES))
    await urls.open(limits=Limits(stream_bytes=6))
    async with urls.client.stream("GET", path) as response:
        visit = await urls.lab.gate.arrival()
        await visit.release()
        pieces = response.aiter_raw()
        assert await anext(pieces) + await anext(pieces) == b"one tw"
        with pytest.raises(httpx.RemoteProtocolError):
            await anext(pieces)
    await visit.release()
    await visit.release()
    assert [await visit.next() for _ in range(4)] == ["one ", "two ", "three", "done"]


async def test_a_crash_before_the_first_byte_is_a_502(urls: Urls) -> None:
    path = urls.add(
        urls.lab.add_web(
            "crash",
            """
            import os
            async def app(scope, receive, send):
                if scope["path"] != "/healthz":
                    os._exit(1)
                await send({"type": "http.response.start", "status": 200, "headers": []})
                await send({"type": "http.response.body", "body": b""})
            """,
        )
    )
    await urls.open()
    response = await urls.client.get(path)
    assert (response.status_code, response.text) == (502, "Internal Server Error")
    assert urls.lab.log("crash")[-1].endswith("Error Type: Runtime.ExitError")


async def test_a_function_that_cannot_start_is_a_502(urls: Urls) -> None:
    path = urls.add(urls.lab.add_web("broken", "import nothing_like_this"))
    await urls.open()
    assert (await urls.client.get(path)).status_code == 502
    assert "ModuleNotFoundError: No module named 'nothing_like_this'" in urls.lab.log("broken")


async def test_a_start_script_that_the_zip_does_not_make_executable_is_not_executed(urls: Urls) -> None:
    path = urls.add(urls.lab.add_web("locked", ECHO, executable=False))
    await urls.open()
    assert (await urls.client.get(path)).status_code == 502
    assert "run.sh: Permission denied" in "\n".join(urls.lab.log("locked"))


async def test_a_server_gets_no_request_before_it_is_ready(urls: Urls) -> None:
    path = urls.add(
        urls.lab.add_web(
            "waking",
            """
            asked = 0
            async def app(scope, receive, send):
                global asked
                asked += 1
                status = 503 if asked < 3 else 200
                await send({"type": "http.response.start", "status": status, "headers": []})
                await send({"type": "http.response.body", "body": b"%d" % asked})
            """,
        )
    )
    await urls.open()
    assert (await urls.client.get(path)).text == "4"


async def test_more_than_six_megabytes_is_refused(urls: Urls) -> None:
    path = urls.add(urls.lab.add_web("echo", ECHO))
    await urls.open()
    response = await urls.client.post(path, content=b"x" * (REQUEST_BYTES + 1))
    assert response.status_code == 413
    assert response.json() == {"Message": "Request must be smaller than 6291456 bytes for the InvokeFunction operation"}


async def test_beyond_its_concurrency_a_url_answers_429(urls: Urls) -> None:
    path = urls.add(urls.lab.add_web("pieces", PIECES, reserved=1))
    await urls.open()
    async with urls.client.stream("GET", path):
        visit = await urls.lab.gate.arrival()
        refused = await urls.client.get(path)
        assert refused.status_code == 429
        assert refused.headers["x-amzn-errortype"] == "TooManyRequestsException"
        for _ in range(3):
            await visit.release()


async def test_an_unknown_url_is_a_404(urls: Urls) -> None:
    await urls.open()
    assert (await urls.client.get("/lambda-url/nobody/")).status_code == 404
