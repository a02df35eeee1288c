"""`POST /api/chat`, whole: real tokens, the real SDK against a real event stream, DynamoDB in this process."""

import asyncio
import threading

import httpx
import pytest
from starlette.types import Message

from shared.table.client import TableClient
from shared.table.keys import lease_key
from tests.support import bedrock
from tests.support.aws import Table
from tests.support.function_url import (
    CHAT,
    OWNER,
    PROMPT,
    Exchange,
    Watching,
    World,
    ask,
    chat,
    events,
    parts,
    refusal,
    text,
)
from tests.support.logs import Logs
from tests.support.pool import token
from tests.support.server import WAIT_SECONDS, CutConnection


async def test_an_answer_is_streamed_from_its_start_to_done(client: httpx.AsyncClient) -> None:
    response = await ask(client)
    assert response.status_code == 200
    told = parts(response)
    assert text(told) == "Hello wörld 🎈"
    types = [part["type"] for part in told]
    assert types[:3] == ["start", "start-step", "text-start"]
    assert types[-3:] == ["text-end", "finish-step", "finish"]
    assert told[-1]["finishReason"] == "stop"
    assert told[-1]["messageMetadata"]["usage"] == {"inputTokens": 11, "outputTokens": 7, "totalTokens": 18}


async def test_the_headers_are_those_of_a_ui_message_stream(client: httpx.AsyncClient) -> None:
    headers = (await ask(client)).headers
    assert headers["content-type"].split(";")[0] == "text/event-stream"
    assert headers["cache-control"] == "no-cache"
    assert headers["x-accel-buffering"] == "no"
    assert headers["x-vercel-ai-ui-message-stream"] == "v1"
    assert "content-length" not in headers


async def test_the_stream_has_an_id_that_the_header_the_start_and_the_record_share(
    client: httpx.AsyncClient, table: Table
) -> None:
    response = await ask(client)
    stream_id = response.headers["x-streamways-stream"]
    start = parts(response)[0]
    assert start == {"type": "start", "messageId": f"msg-{stream_id}", "messageMetadata": {"streamId": stream_id}}
    item = table.stream(OWNER, stream_id)
    assert item is not None
    assert (item["state"], item["stopReason"], item["chatId"]) == ("ended", "end_turn", "chat-1")


async def test_two_streams_have_two_ids(client: httpx.AsyncClient) -> None:
    first, second = await ask(client), await ask(client)
    assert first.headers["x-streamways-stream"] != second.headers["x-streamways-stream"]


async def test_the_idempotency_key_is_the_id_and_starts_one_stream_however_often_it_is_sent(
    client: httpx.AsyncClient, world: World, table: Table
) -> None:
    response = await ask(client, idempotency_key="my-key_1")
    assert response.headers["x-streamways-stream"] == "my-key_1"
    assert table.stream(OWNER, "my-key_1") is not None
    again = await ask(client, idempotency_key="my-key_1")
    assert again.headers["x-streamways-stream"] == "my-key_1"
    assert events(again.text) == events(response.text)
    assert len(world.bedrock.received) == 1


async def test_an_idempotency_key_with_another_request_is_refused(client: httpx.AsyncClient, world: World) -> None:
    await ask(client, idempotency_key="my-key_1")
    other = await ask(client, body=chat(prompt="Something else", message_id="m-2"), idempotency_key="my-key_1")
    refusal(other, 409, "invalid_request")
    assert len(world.bedrock.received) == 1


async def test_a_repeated_request_joins_the_stream_that_runs(world: World) -> None:
    again = threading.Event()
    world.bedrock.answer = bedrock.stream(
        [bedrock.message_start(), bedrock.delta("So far"), again, bedrock.delta(" and on"), *bedrock.ending()]
    )
    first = Watching()
    running = asyncio.ensure_future(first.run())
    await first.hears("So far")
    second = Watching()
    joined = asyncio.ensure_future(second.run())
    await second.hears("So far")
    again.set()
    await asyncio.wait_for(asyncio.gather(running, joined), WAIT_SECONDS)
    assert second.stream_id == first.stream_id
    assert events(second.body) == events(first.body)
    assert text([part for _, part in events(first.body)]) == "So far and on"
    assert len(world.bedrock.received) == 1


async def test_a_stream_is_claimed_by_whoever_has_admitted_it(world: World) -> None:
    end = threading.Event()
    world.bedrock.answer = bedrock.stream([bedrock.message_start(), bedrock.delta("So far"), end, *bedrock.ending()])
    exchange = Watching()
    running = asyncio.ensure_future(exchange.run())
    await exchange.hears("So far")
    lease = await asyncio.to_thread(TableClient.from_environment().get, lease_key(OWNER, "chat-1"))
    assert lease is not None
    assert (lease["streamId"], lease["state"]) == (exchange.stream_id, "running")
    end.set()
    await asyncio.wait_for(running, WAIT_SECONDS)


async def test_silence_of_the_model_is_told_by_comments(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shared.generation.run.KEEP_ALIVE_SECONDS", 0.01)
    silence = threading.Event()

    class Patient(Exchange):
        async def send(self, message: Message) -> None:
            await super().send(message)
            if self.body.count(": keep-alive\n\n") >= 2:
                silence.set()

    world.bedrock.answer = bedrock.stream([bedrock.message_start(), silence, bedrock.delta("Hello"), *bedrock.ending()])
    exchange = Patient()
    await asyncio.wait_for(exchange.run(), WAIT_SECONDS)
    assert silence.is_set()
    assert text([part for _, part in events(exchange.body)]) == "Hello"


async def test_the_model_is_asked_what_the_user_asked_within_the_limit(client: httpx.AsyncClient, world: World) -> None:
    await ask(client)
    assert world.bedrock.requests() == [
        {"messages": [{"role": "user", "content": [{"text": PROMPT}]}], "inferenceConfig": {"maxTokens": 300}}
    ]


async def test_a_model_that_refuses_is_told_in_the_stream(client: httpx.AsyncClient, world: World) -> None:
    world.bedrock.answer = bedrock.refusing(429, "ThrottlingException")
    response = await ask(client)
    assert response.status_code == 200
    told = parts(response)
    assert [part["type"] for part in told] == [
        "start",
        "start-step",
        "finish-step",
        "message-metadata",
        "data-error",
        "error",
    ]
    assert told[-2]["data"]["code"] == "model_throttled"
    assert told[-2]["data"]["retryAfter"] > 0


async def test_a_model_that_breaks_off_is_told_after_what_it_said(client: httpx.AsyncClient, world: World) -> None:
    world.bedrock.answer = bedrock.stream([bedrock.message_start(), bedrock.delta("Hal"), CutConnection()])
    told = parts(await ask(client))
    assert text(told) == "Hal"
    assert told[-2]["data"]["code"] == "model_unavailable"


async def test_the_stream_ends_before_the_function_does(client: httpx.AsyncClient, world: World) -> None:
    silence = threading.Event()
    world.bedrock.answer = bedrock.stream([bedrock.message_start(), bedrock.delta("So far"), silence])
    told = parts(await ask(client, remaining=3.5))
    silence.set()
    assert text(told) == "So far"
    assert (told[-1]["type"], told[-1]["finishReason"]) == ("finish", "other")
    assert told[-1]["messageMetadata"]["stopReason"] == "deadline"


async def test_the_first_parts_are_sent_before_the_model_answers_and_text_as_it_comes(world: World) -> None:
    first, second = threading.Event(), threading.Event()
    world.bedrock.answer = bedrock.stream(
        [bedrock.message_start(), first, bedrock.delta("One "), second, bedrock.delta("two"), *bedrock.ending()]
    )
    bodies: list[str] = []

    class Paced(Exchange):
        async def send(self, message: Message) -> None:
            await super().send(message)
            bodies.append(message.get("body", b"").decode())
            if "start-step" in bodies[-1]:
                first.set()
            elif "One " in bodies[-1]:
                second.set()

    await Paced().run()
    texts = [body for body in bodies if "text-delta" in body]
    assert len(texts) == 2
    assert "One " in texts[0]
    assert "two" in texts[1]


async def test_the_stream_is_booked_before_its_last_part_leaves(table: Table, world: World) -> None:  # noqa: ARG001
    states: list[str] = []

    class UsageRecord(Exchange):
        async def send(self, message: Message) -> None:
            await super().send(message)
            if b'"finish"' in message.get("body", b""):
                item = table.stream(OWNER, self.stream_id)
                assert item is not None
                states.append(item["state"])

    await UsageRecord().run()
    assert states == ["ended"]


async def test_no_token_and_no_word_of_prompt_or_answer_is_logged(
    client: httpx.AsyncClient, table: Table, world: World, logs: Logs
) -> None:
    secret = token()
    await ask(client, authorization=f"Bearer {secret}")
    await ask(client, authorization=f"Bearer {secret}x")
    await ask(client, authorization=f"Bearer {secret}", body={**CHAT, "id": "not an id"})
    world.bedrock.answer = bedrock.refusing(400, "ValidationException", PROMPT)
    await ask(client, authorization=f"Bearer {secret}")
    table.delete()
    await ask(client, authorization=f"Bearer {secret}")
    assert logs.lines("stream ended")
    for private in (secret, *secret.split("."), PROMPT, "secret of the sky", "wörld"):
        assert private not in logs.text
