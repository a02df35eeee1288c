"""`DELETE /api/chat/{chatId}/stream/{streamId}`: a user's stop, which reaches the model."""

import asyncio
import threading

import httpx
import pytest

from tests.support import bedrock
from tests.support.aws import Table
from tests.support.function_url import MALLORY, OWNER, Watching, World, ask, events, refusal, send, text
from tests.support.server import WAIT_SECONDS


async def test_a_cancel_ends_the_stream_also_while_the_model_is_silent(
    client: httpx.AsyncClient, world: World, table: Table
) -> None:
    silence = threading.Event()
    world.bedrock.answer = bedrock.stream([bedrock.message_start(), bedrock.delta("So far"), silence])
    exchange = Watching()
    running = asyncio.ensure_future(exchange.run())
    await exchange.hears("So far")
    cancelled = await send(client, "DELETE", f"/api/chat/chat-1/stream/{exchange.stream_id}")
    assert (cancelled.status_code, cancelled.json()) == (202, {})
    await asyncio.wait_for(running, WAIT_SECONDS)
    silence.set()
    told = [part for _, part in events(exchange.body)]
    assert text(told) == "So far"
    assert [part["type"] for part in told[-3:]] == ["finish-step", "message-metadata", "abort"]
    assert told[-2]["messageMetadata"]["stopReason"] == "cancelled"
    item = table.stream(OWNER, exchange.stream_id)
    assert item is not None
    assert (item["state"], item["stopReason"]) == ("ended", "cancelled")


async def test_another_user_cancels_nothing_and_is_not_told_whether_there_is_a_stream(
    client: httpx.AsyncClient, world: World
) -> None:
    go_on = threading.Event()
    world.bedrock.answer = bedrock.stream([bedrock.message_start(), bedrock.delta("So far"), go_on, *bedrock.ending()])
    exchange = Watching()
    running = asyncio.ensure_future(exchange.run())
    await exchange.hears("So far")
    answers = [
        await send(client, "DELETE", f"/api/chat/{chat_id}/stream/{stream_id}", authorization=MALLORY)
        for chat_id in ("chat-1", "never-was")
        for stream_id in (exchange.stream_id, "never-was")
    ]
    assert {(answer.status_code, answer.content, str(answer.headers)) for answer in answers} == {
        (202, b"{}", str(answers[0].headers))
    }
    go_on.set()
    await asyncio.wait_for(running, WAIT_SECONDS)
    assert events(exchange.body)[-1][1]["type"] == "finish"


async def test_a_stream_that_is_cancelled_before_it_is_asked_for_is_not_started(
    client: httpx.AsyncClient, world: World
) -> None:
    assert (await send(client, "DELETE", "/api/chat/chat-1/stream/my-key")).status_code == 202
    refusal(await ask(client, idempotency_key="my-key"), 409, "invalid_request")
    assert world.bedrock.received == []


async def test_a_cancel_after_the_end_changes_nothing(client: httpx.AsyncClient, table: Table) -> None:
    stream_id = (await ask(client)).headers["x-streamways-stream"]
    before = table.stream(OWNER, stream_id)
    assert (await send(client, "DELETE", f"/api/chat/chat-1/stream/{stream_id}")).status_code == 202
    assert table.stream(OWNER, stream_id) == before


@pytest.mark.parametrize("path", ["a b/stream/s-1", "c-1/stream/s.1", f"c-1/stream/{'s' * 65}", "c%23/stream/s-1"])
async def test_ids_are_refused_that_are(path: str, client: httpx.AsyncClient, table: Table) -> None:
    refusal(await send(client, "DELETE", f"/api/chat/{path}"), 400, "invalid_request")
    assert table.count() == 0


async def test_only_a_user_may_cancel(client: httpx.AsyncClient, table: Table) -> None:
    refusal(await send(client, "DELETE", "/api/chat/c-1/stream/s-1", authorization=None), 401, "unauthenticated")
    assert table.count() == 0
