"""ConverseStream of the emulated model, over real sockets and with real boto3."""

import asyncio
import contextlib
import json
import socket
import threading
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import boto3
import botocore.exceptions
import httpx
import pytest
import uvicorn
from botocore.config import Config
from botocore.eventstream import EventStreamBuffer
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from sandbox.aws.bedrock import ModelEmulator
from sandbox.aws.converse_request import parse
from sandbox.aws.eventstream import event
from sandbox.aws.model import DocsModel, tokens
from sandbox.options import ModelPace

NOVA = "amazon.nova-lite-v1:0"
FAST = ModelPace(first_token_ms=0, tokens_per_second=1_000_000)
PAGE = """\
---
title: not shown
---
# Hanging up

A hang-up is not a cancel: the function keeps running, and a stream can be resumed. Cancelling is an explicit act.

## Leases

A lease expires when its stream dies.
"""


@pytest.fixture(scope="module")
def docs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("project") / "docs"
    folder.mkdir()
    (folder / "hanging-up.md").write_text(PAGE)
    return folder


@pytest.fixture(scope="module")
async def shared_service(docs: Path) -> AsyncIterator["Service"]:
    async with serving(Service(ModelEmulator(FAST, docs))) as service:
        yield service


@pytest.fixture
def service(shared_service: "Service") -> "Service":
    shared_service.emulator.pace = FAST
    shared_service.emulator.calls.clear()
    shared_service.accepted.clear()
    shared_service.ended.clear()
    return shared_service


@pytest.fixture
def emulator(service: "Service") -> ModelEmulator:
    return service.emulator


@pytest.fixture
def origin(service: "Service") -> str:
    return service.origin


class Service:
    """The emulator behind a socket, as the gateway has it; tells when a call is accepted, and when it has ended."""

    def __init__(self, emulator: ModelEmulator) -> None:
        self.origin = ""
        self.emulator = emulator
        self.accepted = asyncio.Event()
        self.ended = asyncio.Event()

        async def endpoint(request: Request) -> Response:
            response = await emulator.converse_stream(request, request.path_params["model_id"], await request.body())
            self.accepted.set()
            return response

        self._app = Starlette(routes=[Route("/model/{model_id}/converse-stream", endpoint, methods=["POST"])])

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self._app(scope, receive, send)
        self.ended.set()


@contextlib.asynccontextmanager
async def serving(service: Service) -> AsyncIterator[Service]:
    listener = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(service, log_level="warning", lifespan="off", timeout_graceful_shutdown=1))
    task = asyncio.create_task(server.serve(sockets=[listener]))
    try:
        service.origin = f"http://127.0.0.1:{listener.getsockname()[1]}"
        yield service
    finally:
        server.should_exit = True
        await task


def bedrock(origin: str) -> Any:
    return boto3.client(
        "bedrock-runtime",
        region_name="us-east-1",
        endpoint_url=origin,
        aws_access_key_id="key",
        aws_secret_access_key="secret",
        config=Config(retries={"total_max_attempts": 1}),
    )


def user(text: str) -> dict[str, Any]:
    return {"role": "user", "content": [{"text": text}]}


async def converse(origin: str, prompt: str, **more: Any) -> list[dict[str, Any]]:
    def call() -> list[dict[str, Any]]:
        return list(bedrock(origin).converse_stream(modelId=NOVA, messages=[user(prompt)], **more)["stream"])

    return await asyncio.to_thread(call)


def text_of(events: list[dict[str, Any]]) -> str:
    return "".join(event["contentBlockDelta"]["delta"]["text"] for event in events if "contentBlockDelta" in event)


async def test_boto3_reads_the_answer_of_the_model_event_by_event(emulator: ModelEmulator, origin: str) -> None:
    events = await converse(origin, "What is a lease?", system=[{"text": "Be brief."}])
    answer = emulator.answer("What is a lease?")
    assert text_of(events) == answer
    assert events[0] == {"messageStart": {"role": "assistant"}}
    assert [next(iter(event)) for event in events[-3:]] == ["contentBlockStop", "messageStop", "metadata"]
    assert events[-2] == {"messageStop": {"stopReason": "end_turn"}}
    count = len(tokens(answer))
    assert sum("contentBlockDelta" in event for event in events) == count
    inputs = len(tokens("What is a lease?")) + len(tokens("Be brief."))
    usage = {"inputTokens": inputs, "outputTokens": count, "totalTokens": inputs + count}
    assert events[-1]["metadata"]["usage"] == usage
    assert events[-1]["metadata"]["metrics"]["latencyMs"] >= 0


async def test_maximum_tokens_cut_the_answer(emulator: ModelEmulator, origin: str) -> None:
    events = await converse(origin, "What is a lease?", inferenceConfig={"maxTokens": 3})
    assert text_of(events) == "".join(tokens(emulator.answer("What is a lease?"))[:3])
    assert {"messageStop": {"stopReason": "max_tokens"}} in events
    assert events[-1]["metadata"]["usage"]["outputTokens"] == 3


@pytest.mark.parametrize("cut", [0, 20])
async def test_a_stop_sequence_ends_the_answer_before_itself(emulator: ModelEmulator, origin: str, cut: int) -> None:
    answer = emulator.answer("What is a lease?")
    events = await converse(origin, "What is a lease?", inferenceConfig={"stopSequences": [answer[cut : cut + 12]]})
    assert text_of(events) == answer[:cut]
    assert {"messageStop": {"stopReason": "stop_sequence"}} in events


async def test_a_call_leaves_a_record(emulator: ModelEmulator, origin: str) -> None:
    async with httpx.AsyncClient() as client:
        body = {"messages": [user("What is a lease?")]}
        response = await client.post(f"{origin}/model/{NOVA}/converse-stream", json=body)
    (call,) = emulator.calls
    record = call.document()
    assert record["modelId"] == NOVA
    assert record["requestId"] == response.headers["x-amzn-requestid"]
    assert record["outputTokens"] == len(tokens(emulator.answer("What is a lease?")))
    assert record["stopReason"] == "end_turn"
    assert record["ended"] == "finished"
    assert call.started_ms <= (call.first_text_ms or 0) <= (call.ended_ms or 0)


async def test_the_prompt_is_the_last_message_of_the_user(emulator: ModelEmulator, origin: str) -> None:
    def call() -> list[dict[str, Any]]:
        messages = [user("What is a lease?"), {"role": "assistant", "content": [{"text": "That."}]}, user("hang-up")]
        return list(bedrock(origin).converse_stream(modelId=NOVA, messages=messages)["stream"])

    assert text_of(await asyncio.to_thread(call)) == emulator.answer("hang-up")


async def test_tokens_come_one_by_one_at_the_pace_that_is_set(emulator: ModelEmulator, origin: str) -> None:
    emulator.pace = ModelPace(first_token_ms=40, tokens_per_second=400)
    clock = asyncio.get_running_loop().time
    arrivals: list[float] = []
    started = clock()
    async with (
        httpx.AsyncClient() as client,
        client.stream(
            "POST", f"{origin}/model/{NOVA}/converse-stream", json={"messages": [user("What is a lease?")]}
        ) as response,
    ):
        headers_after = clock() - started
        async for _ in response.aiter_raw():
            arrivals.append(clock() - started)
    count = emulator.calls[-1].output_tokens
    assert headers_after >= 0.04
    assert len(arrivals) > count / 4
    assert arrivals[-1] >= 0.04 + (count - 1) / 400


async def test_time_that_the_machine_loses_is_made_up_for(emulator: ModelEmulator, origin: str) -> None:
    emulator.pace = ModelPace(first_token_ms=0, tokens_per_second=20)
    body = {"messages": [user("What is a lease?")], "inferenceConfig": {"maxTokens": 25}}
    async with (
        httpx.AsyncClient() as client,
        client.stream("POST", f"{origin}/model/{NOVA}/converse-stream", json=body) as response,
    ):
        pieces = response.aiter_raw()
        await anext(pieces)
        time.sleep(1)  # noqa: ASYNC251 - nothing runs, as on a machine that is busy elsewhere
        async for _ in pieces:
            pass
    (call,) = emulator.calls
    assert call.output_tokens == 25
    assert 1190 <= (call.ended_ms or 0) - call.started_ms < 1900


async def test_a_change_of_pace_holds_for_a_stream_under_way(emulator: ModelEmulator, origin: str) -> None:
    emulator.pace = ModelPace(first_token_ms=0, tokens_per_second=20)
    body = {"messages": [user("What is a lease?")]}
    async with (
        asyncio.timeout(5),
        httpx.AsyncClient() as client,
        client.stream("POST", f"{origin}/model/{NOVA}/converse-stream", json=body) as response,
    ):
        pieces = response.aiter_raw()
        await anext(pieces)
        emulator.pace = FAST
        rest = [piece async for piece in pieces]
    assert rest
    assert emulator.calls[-1].stop_reason == "end_turn"
    assert (emulator.calls[-1].ended_ms or 0) - emulator.calls[-1].started_ms < 2000


@pytest.mark.parametrize("first_token_ms", [0, 60_000], ids=["in the middle", "before the first token"])
async def test_a_reader_that_leaves_stops_the_model(
    emulator: ModelEmulator, service: Service, first_token_ms: float
) -> None:
    emulator.pace = ModelPace(first_token_ms, tokens_per_second=0.1)
    reader, writer = await asyncio.open_connection("127.0.0.1", int(service.origin.rsplit(":", 1)[1]))
    body = json.dumps({"messages": [user("What is a lease?")]}).encode()
    head = f"POST /model/{NOVA}/converse-stream HTTP/1.1\r\nhost: x\r\ncontent-length: {len(body)}\r\n\r\n"
    writer.write(head.encode() + body)
    if first_token_ms == 0:
        await reader.readuntil(b"contentBlockDelta")
    async with asyncio.timeout(5):
        await service.accepted.wait()
        writer.close()
        await service.ended.wait()
    (call,) = emulator.calls
    assert call.ended == "hung_up"
    assert call.ended_ms is not None
    assert call.stop_reason is None
    assert call.output_tokens == (1 if first_token_ms == 0 else 0)


@pytest.mark.parametrize(
    ("change", "code", "message"),
    [
        ({"messages": []}, "ValidationException", "must start with a user message"),
        ({"messages": None}, "ValidationException", "must start with a user message"),
        ({"messages": [{"role": "assistant", "content": [{"text": "a"}]}]}, "ValidationException", "must start"),
        ({"messages": [user("a"), user("b")]}, "ValidationException", "must alternate"),
        ({"messages": [{"role": "system", "content": [{"text": "a"}]}]}, "ValidationException", "enum value set"),
        ({"messages": [{"role": "user", "content": []}]}, "ValidationException", "messages.0 is empty"),
        ({"messages": [user(" ")]}, "ValidationException", "messages.0.content.0 is blank"),
        ({"messages": [{"role": "user", "content": [{"image": {}}]}]}, "ValidationException", "image"),
        ({"messages": "hello"}, "SerializationException", "messages"),
        ({"messages": ["hello"]}, "SerializationException", "messages.0"),
        ({"system": [{"text": ""}]}, "ValidationException", "system.0 is blank"),
        ({"inferenceConfig": {"maxTokens": 0}}, "ValidationException", "greater than or equal to 1"),
        ({"inferenceConfig": {"maxTokens": "9"}}, "SerializationException", "maxTokens"),
        ({"inferenceConfig": {"temperature": 2}}, "ValidationException", "less than or equal to 1"),
        ({"inferenceConfig": {"temperature": True}}, "SerializationException", "temperature"),
        ({"inferenceConfig": {"stopSequences": [""]}}, "ValidationException", "stopSequences"),
        ({"toolConfig": {"tools": []}}, "ValidationException", "tool use"),
        ({"guardrailConfig": {"guardrailIdentifier": "g"}}, "ValidationException", "guardrail"),
    ],
)
async def test_a_request_that_bedrock_refuses_is_refused_in_its_shape(
    emulator: ModelEmulator, origin: str, change: dict[str, Any], code: str, message: str
) -> None:
    async with httpx.AsyncClient() as client:
        body = {"messages": [user("What is a lease?")], **change}
        response = await client.post(f"{origin}/model/{NOVA}/converse-stream", json=body)
    assert response.status_code == 400
    assert response.headers["x-amzn-errortype"] == code
    assert message in response.json()["message"]
    assert not emulator.calls


async def test_a_body_that_is_not_json_is_refused(origin: str) -> None:
    async with httpx.AsyncClient() as client:
        for body in (b"{", b"[" * 100_000, b"\xff"):
            response = await client.post(f"{origin}/model/{NOVA}/converse-stream", content=body)
            assert (response.status_code, response.headers["x-amzn-errortype"]) == (400, "SerializationException")


async def test_boto3_raises_bedrocks_exception_for_an_unknown_model(origin: str) -> None:
    def call() -> None:
        bedrock(origin).converse_stream(modelId="gpt-4", messages=[user("hello")])

    with pytest.raises(botocore.exceptions.ClientError, match=r"provided model identifier is invalid") as caught:
        await asyncio.to_thread(call)
    assert caught.value.response["Error"]["Code"] == "ValidationException"
    assert type(caught.value).__name__ == "ValidationException"


@pytest.mark.parametrize(
    "model_id",
    [
        "us.amazon.nova-lite-v1:0",
        "global.anthropic.claude-haiku-5-5",
        "arn:aws:bedrock:us-east-1:000000000000:inference-profile/us.amazon.nova-lite-v1:0",
        "arn:aws:bedrock:us-east-1::foundation-model/amazon.nova-micro-v1:0",
    ],
)
def test_inference_profiles_and_arns_name_a_model_too(model_id: str) -> None:
    assert parse(model_id, json.dumps({"messages": [user("hang-up")]}).encode()).prompt == "hang-up"


@pytest.mark.parametrize("pace", [ModelPace(-1, 10), ModelPace(0, 0), ModelPace(float("nan"), 10), ModelPace(0, -3)])
def test_an_impossible_pace_is_refused_in_words(emulator: ModelEmulator, pace: ModelPace) -> None:
    with pytest.raises(ValueError, match=r"(firstTokenMs|tokensPerSecond) is .*: give"):
        emulator.pace = pace
    assert emulator.pace == FAST


def test_botocores_own_parser_reads_the_frames() -> None:
    buffer = EventStreamBuffer()
    frames = event("contentBlockDelta", {"delta": {"text": "grüß “dich” 👋"}}) + event("metadata", {})
    for byte in frames:
        buffer.add_data(bytes([byte]))
    first, second = list(buffer)
    assert first.headers == {
        ":event-type": "contentBlockDelta",
        ":content-type": "application/json",
        ":message-type": "event",
    }
    assert json.loads(first.payload) == {"delta": {"text": "grüß “dich” 👋"}}
    assert second.payload == b"{}"


def test_an_answer_quotes_the_best_passages_and_names_their_page(docs: Path) -> None:
    answer = DocsModel(docs).answer("What does a hang-up do?")
    assert "“Hanging up”" in answer
    assert "A hang-up is not a cancel" in answer
    assert answer.endswith("Source: docs/hanging-up.md.")
    assert "title: not shown" not in answer


def test_an_answer_is_the_same_for_every_index_of_the_same_docs(docs: Path) -> None:
    assert DocsModel(docs).answer("lease") == DocsModel(docs).answer("lease")


def test_without_a_match_the_answer_says_what_could_be_asked(docs: Path, tmp_path: Path) -> None:
    assert "Hanging up" in DocsModel(docs).answer("zebra")
    assert DocsModel(tmp_path / "nowhere" / "docs").answer("zebra")
    assert DocsModel(docs).answer("") == DocsModel(docs).answer("zebra")


def test_the_readme_beside_the_docs_is_known_too(tmp_path: Path) -> None:
    (tmp_path / "README.md").write_text("# Zoo\n\nThe zebra is striped.\n")
    assert "The zebra is striped." in DocsModel(tmp_path / "docs").answer("zebra")


@pytest.mark.parametrize("text", ["", " ", "a  b\n\n- c\n", "donaudampfschifffahrt", "👋🏽 né\u0301e", "\n\ttail \n"])
def test_tokens_joined_are_the_text(text: str) -> None:
    assert "".join(tokens(text)) == text


def test_a_token_is_about_four_characters() -> None:
    text = PAGE * 3
    assert 3.5 < len(text) / len(tokens(text)) < 5


def test_answers_of_many_threads_are_the_same(docs: Path) -> None:
    model = DocsModel(docs)
    answers: list[str] = []
    threads = [threading.Thread(target=lambda: answers.append(model.answer("lease"))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert set(answers) == {model.answer("lease")}
