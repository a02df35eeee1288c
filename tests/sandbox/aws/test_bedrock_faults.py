"""Faults of the emulated model, over real sockets: what a caller gets, and how one asks for them."""

import asyncio
import contextlib
import json
import socket
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import uvicorn
from botocore.eventstream import ChecksumMismatch, EventStreamBuffer
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from sandbox.aws.bedrock import ModelEmulator
from sandbox.aws.model import tokens
from sandbox.aws.model_faults import KINDS
from sandbox.control.guard import KEY_HEADER
from sandbox.control.interface import Control
from sandbox.options import ModelPace

FAST = ModelPace(first_token_ms=0, tokens_per_second=1_000_000)
PROMPT = "What is a lease?"
BODY = {"messages": [{"role": "user", "content": [{"text": PROMPT}]}]}
KEY = "key of the sandbox"


@pytest.fixture
def emulator(tmp_path: Path) -> ModelEmulator:
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs" / "leases.md").write_text("# Leases\n\nA lease expires when its stream dies.\n")
    return ModelEmulator(FAST, tmp_path / "docs")


class Moments:
    """When the emulator has taken a call, and when that has ended."""

    def __init__(self) -> None:
        self.accepted = asyncio.Event()
        self.ended = asyncio.Event()


@pytest.fixture
def moments() -> Moments:
    return Moments()


@pytest.fixture
async def client(emulator: ModelEmulator, moments: Moments) -> AsyncIterator[httpx.AsyncClient]:
    """Speaks to the emulator and to the control of its sandbox."""

    async def converse(request: Request) -> Response:
        response = await emulator.converse_stream(request, "amazon.nova-lite-v1:0", await request.body())
        moments.accepted.set()
        return response

    async def kill(_: str) -> int:
        raise NotImplementedError

    control = Control(KEY, emulator, request_stop=lambda: None, kill=kill)
    routes = Starlette(routes=[Route("/converse", converse, methods=["POST"]), *control.routes()])

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await routes(scope, receive, send)
        if scope["path"] == "/converse":
            moments.ended.set()

    listener = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(app, log_config=None, lifespan="off", timeout_graceful_shutdown=1))
    task = asyncio.create_task(server.serve(sockets=[listener]))
    origin = f"http://127.0.0.1:{listener.getsockname()[1]}"
    async with httpx.AsyncClient(base_url=origin, headers={KEY_HEADER: KEY}) as speaking:
        yield speaking
    server.should_exit = True
    await task


async def expect(client: httpx.AsyncClient, fault: str, **more: object) -> dict[str, Any]:
    response = await client.put("/_sandbox/model/fault", json={"fault": fault, **more})
    return response.raise_for_status().json()


async def ask(client: httpx.AsyncClient) -> tuple[list[tuple[str, dict[str, Any]]], bool]:
    """(type, payload) of each event, and whether the body was whole."""
    buffer = EventStreamBuffer()
    whole = True
    async with client.stream("POST", "/converse", json=BODY) as response:
        assert response.status_code == 200
        with contextlib.suppress(httpx.RemoteProtocolError):
            whole = False
            async for piece in response.aiter_raw():
                buffer.add_data(piece)
            whole = True
    events: list[tuple[str, dict[str, Any]]] = []
    for event in buffer:
        kind = event.headers.get(":event-type") or event.headers[":exception-type"]
        events.append((kind, json.loads(event.payload)))
    return events, whole


def text(events: list[tuple[str, dict[str, Any]]]) -> str:
    return "".join(payload["delta"]["text"] for kind, payload in events if kind == "contentBlockDelta")


@pytest.mark.parametrize(
    ("more", "status", "code"),
    [
        ({}, 429, "ThrottlingException"),
        ({"exception": "ModelNotReadyException"}, 429, "ModelNotReadyException"),
        ({"exception": "ServiceUnavailableException"}, 503, "ServiceUnavailableException"),
    ],
)
async def test_the_next_calls_are_refused_and_the_one_after_them_is_well(
    client: httpx.AsyncClient, emulator: ModelEmulator, more: dict[str, str], status: int, code: str
) -> None:
    assert await expect(client, "throttled", calls=2, **more) == {"fault": "throttled", "calls": 2}
    for _ in range(2):
        response = await client.post("/converse", json=BODY)
        assert (response.status_code, response.headers["x-amzn-errortype"]) == (status, code)
        assert response.json()["message"]
    events, whole = await ask(client)
    assert (text(events), whole) == (emulator.answer(PROMPT), True)
    recorded = (await client.get("/_sandbox/model/calls")).json()["calls"]
    assert [call["fault"] for call in recorded] == ["throttled", "throttled", None]


async def test_a_stream_breaks_off_with_an_exception(client: httpx.AsyncClient, emulator: ModelEmulator) -> None:
    for given, name in (
        ({}, "modelStreamErrorException"),
        ({"exception": "throttlingException"}, "throttlingException"),
    ):
        await expect(client, "exception", afterTokens=3, **given)
        events, whole = await ask(client)
        assert text(events) == "".join(tokens(emulator.answer(PROMPT))[:3])
        assert events[-1][0] == name
        assert whole


async def test_a_stream_is_cut(client: httpx.AsyncClient, emulator: ModelEmulator) -> None:
    await expect(client, "cut", afterTokens=2)
    events, whole = await ask(client)
    assert not whole
    assert [kind for kind, _ in events] == ["messageStart", "contentBlockDelta", "contentBlockDelta"]
    (call,) = emulator.calls
    assert (call.output_tokens, call.stop_reason, call.ended) == (2, None, "failed")


async def test_an_event_is_malformed(client: httpx.AsyncClient) -> None:
    await expect(client, "malformed", afterTokens=2)
    with pytest.raises(ChecksumMismatch):
        await ask(client)


async def test_a_guardrail_intervenes(client: httpx.AsyncClient) -> None:
    await expect(client, "guardrail_intervened", afterTokens=2)
    events, _ = await ask(client)
    assert events[-2] == ("messageStop", {"stopReason": "guardrail_intervened"})
    assert events[-1][1]["usage"]["outputTokens"] == 2


async def test_one_call_is_slow(client: httpx.AsyncClient, emulator: ModelEmulator) -> None:
    await expect(client, "slow", tokensPerSecond=200)
    for slow in (True, False):
        events, _ = await ask(client)
        assert text(events) == emulator.answer(PROMPT)
        call = emulator.calls[-1]
        spread_ms = (call.ended_ms or 0) - (call.first_text_ms or 0)
        assert (spread_ms >= (call.output_tokens - 1) * 5 - 1) is slow


async def test_one_text_of_a_stream_is_oversized(client: httpx.AsyncClient, emulator: ModelEmulator) -> None:
    await expect(client, "oversized", afterTokens=2, bytes=123_456)
    events, whole = await ask(client)
    texts = [payload["delta"]["text"] for kind, payload in events if kind == "contentBlockDelta"]
    assert whole
    assert len(texts.pop(2).encode()) == 123_456
    assert texts == tokens(emulator.answer(PROMPT))
    assert events[-1][1]["usage"]["outputTokens"] == len(texts) + 1


async def test_a_call_tells_what_it_was_asked_and_how_it_ended(client: httpx.AsyncClient) -> None:
    for fault in ("throttled", "malformed", "guardrail_intervened"):
        await expect(client, fault)
        await client.post("/converse", json=BODY)
    asked = [{"role": "user", "text": "A"}, {"role": "assistant", "text": "B"}, {"role": "user", "text": "C"}]
    messages = [{"role": each["role"], "content": [{"text": each["text"]}]} for each in asked]
    await client.post("/converse", json={"messages": messages})
    calls = (await client.get("/_sandbox/model/calls")).json()["calls"]
    assert [call["ended"] for call in calls] == ["refused", "failed", "finished", "finished"]
    assert (calls[0]["prompt"], calls[-1]["prompt"], calls[-1]["messages"]) == (PROMPT, "C", asked)


@pytest.mark.parametrize("after", [0, 3])
async def test_the_model_is_silent_for_a_time_and_then_goes_on(
    client: httpx.AsyncClient, emulator: ModelEmulator, after: int
) -> None:
    await expect(client, "stalled", afterTokens=after, seconds=0.1)
    events, _ = await ask(client)
    assert text(events) == emulator.answer(PROMPT)
    (call,) = emulator.calls
    assert (call.ended_ms or 0) - call.started_ms >= 100
    assert ((call.first_text_ms or 0) - call.started_ms >= 100) == (after == 0)


@pytest.mark.parametrize("after", [0, 3])
async def test_a_silence_without_an_end_lasts_until_the_caller_leaves(
    client: httpx.AsyncClient, emulator: ModelEmulator, moments: Moments, after: int
) -> None:
    await expect(client, "stalled", afterTokens=after)
    body = json.dumps(BODY).encode()
    reader, writer = await asyncio.open_connection(client.base_url.host, client.base_url.port)
    writer.write(b"POST /converse HTTP/1.1\r\nhost: x\r\ncontent-length: %d\r\n\r\n" % len(body) + body)
    async with asyncio.timeout(5):
        if after:
            await reader.readuntil(b"contentBlockDelta")
        await moments.accepted.wait()
        writer.close()
        await moments.ended.wait()
    (call,) = emulator.calls
    assert call.ended_ms is not None
    assert (call.output_tokens, call.ended) == (after, "hung_up")


async def test_a_fault_can_be_taken_back(client: httpx.AsyncClient) -> None:
    await expect(client, "throttled", calls=9)
    response = await client.delete("/_sandbox/model/fault")
    assert response.json() == {"fault": None, "calls": 0}
    assert (await ask(client))[1]


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({}, "allowed are " + ", ".join(KINDS)),
        ({"fault": "lazy"}, "fault is 'lazy'"),
        ({"fault": "cut", "more": 1}, "unknown: more; allowed are fault, afterTokens, calls, after"),
        ({"fault": "cut", "afterTokens": -1}, "afterTokens is -1"),
        ({"fault": "cut", "afterTokens": 1.5}, "give a whole number"),
        ({"fault": "cut", "calls": True}, "calls is True"),
        ({"fault": "stalled", "seconds": "1"}, "seconds is '1': give a number, 0 or more"),
        ({"fault": "slow", "tokensPerSecond": 0}, "tokensPerSecond is 0: give a number, above 0"),
        ({"fault": "oversized", "bytes": 0}, "bytes is 0: give a whole number, 1 to 16777216"),
        ({"fault": "cut", "exception": "throttlingException"}, "unknown: exception"),
        (
            {"fault": "throttled", "exception": "throttlingException"},
            "exception is 'throttlingException', allowed are ThrottlingException",
        ),
        ({"fault": "exception", "exception": ["x"]}, "exception is ['x'], allowed are modelStreamErrorException"),
    ],
)
async def test_a_fault_that_is_none_is_refused_in_words(
    client: httpx.AsyncClient, given: dict[str, object], says: str
) -> None:
    response = await client.put("/_sandbox/model/fault", json=given)
    assert response.status_code == 400
    assert says in response.json()["message"]
    assert (await ask(client))[1]
