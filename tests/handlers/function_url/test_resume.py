"""`GET /api/chat/{chatId}/stream`: what a client that was cut, or another of the user's devices, reads on."""

import asyncio
import json
import threading
import time
from typing import Any

import httpx
import pytest

from handlers.http import environment
from shared.streams.repository import RESUMABLE_SECONDS, StreamRepository
from tests.support import bedrock
from tests.support.aws import Table
from tests.support.cursors import behind
from tests.support.function_url import (
    MALLORY,
    OWNER,
    Watching,
    World,
    ask,
    chat,
    events,
    last_id,
    parts,
    refusal,
    send,
    text,
    told_by,
)
from tests.support.pool import token
from tests.support.server import WAIT_SECONDS

STREAM = "/api/chat/chat-1/stream"


async def test_a_stream_that_has_just_ended_is_replayed_whole(client: httpx.AsyncClient) -> None:
    answer = await ask(client)
    resumed = await send(client, "GET", STREAM)
    assert resumed.status_code == 200
    assert events(resumed.text) == events(answer.text)
    for name in ("content-type", "cache-control", "x-vercel-ai-ui-message-stream", "x-streamways-stream"):
        assert resumed.headers[name] == answer.headers[name]


async def test_a_stream_that_runs_is_replayed_and_followed_by_two_at_once(
    world: World,
) -> None:
    go_on = threading.Event()
    world.bedrock.answer = bedrock.stream(
        [bedrock.message_start(), bedrock.delta("So far"), go_on, bedrock.delta(" and on"), *bedrock.ending()]
    )
    first = Watching()
    tabs = [Watching(method="GET", path=STREAM) for _ in range(2)]
    running = [asyncio.ensure_future(first.run())]
    await first.hears("So far")
    running += [asyncio.ensure_future(tab.run()) for tab in tabs]
    for tab in tabs:
        await tab.hears("So far")
    go_on.set()
    await asyncio.wait_for(asyncio.gather(*running), WAIT_SECONDS)
    assert text([part for _, part in events(first.body)]) == "So far and on"
    assert [events(tab.body) for tab in tabs] == [events(first.body)] * 2
    assert len(world.bedrock.received) == 1


async def test_a_client_that_hung_up_reads_on_after_the_last_part_that_it_has_while_the_stream_runs(
    world: World,
) -> None:
    gone, back, end = threading.Event(), threading.Event(), threading.Event()
    world.bedrock.answer = bedrock.stream(
        [
            *(bedrock.message_start(), bedrock.delta("One"), gone),
            *(bedrock.delta(" two"), back),
            *(bedrock.delta(" three"), end, *bedrock.ending()),
        ]
    )
    cut = Watching()
    running = asyncio.ensure_future(cut.run())
    await cut.hears("One")
    cut.hangs_up.set()
    await asyncio.wait_for(running, WAIT_SECONDS)
    has = told_by(cut.body)
    resumed = Watching(method="GET", path=STREAM)
    resumed.scope["headers"].append((b"last-event-id", last_id(has[-1]).encode()))
    rest = asyncio.ensure_future(resumed.run())
    for said, words in ((gone, " two"), (back, " three")):
        said.set()
        await resumed.hears(words)
    end.set()
    await asyncio.wait_for(rest, WAIT_SECONDS)
    numbered = events("\n\n".join([*has, *told_by(resumed.body), ""]))
    assert [sequence for sequence, _ in numbered] == list(range(len(numbered)))
    assert text([part for _, part in numbered]) == "One two three"
    assert numbered[-1][1]["type"] == "finish"


async def test_a_resume_starts_after_the_last_event_at_every_cut_point(client: httpx.AsyncClient) -> None:
    answer = await ask(client)
    whole, told = parts(answer), told_by(answer.text)
    for last in range(-1, len(whole)):
        headers = {} if last < 0 else {"last_event_id": last_id(told[last])}
        resumed = await send(client, "GET", STREAM, **headers)
        assert parts(resumed, after=last) == whole[last + 1 :]


@pytest.mark.parametrize("given", ["", "-1", "0", "12", "one", "s-1.0.12", "٣", "x" * 1000])
async def test_a_last_event_id_is_refused_that_is(given: str, client: httpx.AsyncClient) -> None:
    await ask(client)
    refused = refusal(await send(client, "GET", STREAM, last_event_id=given), 400, "invalid_request")
    assert "Last-Event-ID" in refused["message"]


async def test_there_is_nothing_to_resume_in_a_chat_that_never_was(client: httpx.AsyncClient) -> None:
    response = await send(client, "GET", "/api/chat/never-was/stream")
    assert (response.status_code, response.content) == (204, b"")


async def test_there_is_nothing_to_resume_a_minute_after_the_end(
    client: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    await ask(client)
    now, fresh = time.time(), f"Bearer {token()}"
    monkeypatch.setattr("time.time", lambda: now + RESUMABLE_SECONDS + 2)
    assert (await send(client, "GET", STREAM, authorization=fresh)).status_code == 204


async def test_a_chat_of_another_is_not_found(client: httpx.AsyncClient) -> None:
    await ask(client)
    refusal(await send(client, "GET", STREAM, authorization=MALLORY), 404, "not_found")


async def test_only_a_user_may_resume(client: httpx.AsyncClient) -> None:
    await ask(client)
    refusal(await send(client, "GET", STREAM, authorization=None), 401, "unauthenticated")


async def test_the_latest_stream_of_the_chat_is_resumed(client: httpx.AsyncClient, world: World) -> None:
    await ask(client)
    world.bedrock.answer = bedrock.saying("Again")
    latest = await ask(client, body=chat(prompt="And now?", message_id="m-2"))
    assert (await send(client, "GET", STREAM)).text == latest.text


async def test_a_head_reads_no_stream(client: httpx.AsyncClient) -> None:
    await ask(client)
    response = await send(client, "HEAD", STREAM)
    assert (response.status_code, response.content) == (200, b"")
    assert response.headers["content-type"].startswith("text/event-stream")


async def test_a_reader_that_hangs_up_stops_reading_the_table_and_the_stream_goes_on(
    world: World,
) -> None:
    end = threading.Event()
    world.bedrock.answer = bedrock.stream([bedrock.message_start(), bedrock.delta("One"), end, *bedrock.ending()])
    first = Watching()
    running = asyncio.ensure_future(first.run())
    await first.hears("One")
    reader = Watching(method="GET", path=STREAM)
    reading = asyncio.ensure_future(reader.run())
    await reader.hears("One")
    reader.hangs_up.set()
    await asyncio.wait_for(reading, WAIT_SECONDS)
    assert "[DONE]" not in reader.body
    end.set()
    await asyncio.wait_for(running, WAIT_SECONDS)
    assert events(first.body)[-1][1]["type"] == "finish"


async def test_a_reader_whose_function_has_no_more_time_is_cut_without_an_end_and_may_come_again(
    client: httpx.AsyncClient, world: World
) -> None:
    end = threading.Event()
    world.bedrock.answer = bedrock.stream([bedrock.message_start(), bedrock.delta("One"), end, *bedrock.ending()])
    first = Watching()
    running = asyncio.ensure_future(first.run())
    await first.hears("One")
    cut = await send(client, "GET", STREAM, remaining=2.0)
    assert cut.status_code == 200
    assert told_by(cut.text)
    assert "[DONE]" not in cut.text
    end.set()
    await asyncio.wait_for(running, WAIT_SECONDS)
    assert (await send(client, "GET", STREAM)).text == first.body


async def test_a_journal_that_cannot_be_read_cuts_the_body_without_a_word(
    client: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch, table: Table
) -> None:
    await ask(client)
    latest = environment.repository().resumable(OWNER, "chat-1")
    table.delete()
    monkeypatch.setattr(StreamRepository, "resumable", lambda *_: latest)
    response = await send(client, "GET", STREAM, remaining=2.0)
    assert response.status_code == 200
    assert "ResourceNotFound" not in response.text
    assert "[DONE]" not in response.text


def held_then(body: str) -> tuple[list[dict[str, Any]], str]:
    """The parts that come before the stream, which have no id, and the rest of the body."""
    blocks = told_by(body)
    held = [block for block in blocks if not block.startswith("id: ") and block != "data: [DONE]"]
    assert blocks[: len(held)] == held
    return [json.loads(block.removeprefix("data: ")) for block in held], "\n\n".join([*blocks[len(held) :], ""])


async def continued(client: httpx.AsyncClient, world: World) -> tuple[str, httpx.Response]:
    """An answer, and the response that has continued it."""
    first = await ask(client)
    world.bedrock.answer = bedrock.saying(" and more")
    answer_id = parts(first)[0]["messageId"]
    body = {"id": "chat-1", "messages": [{"id": answer_id, "role": "assistant", "parts": []}]}
    return text(parts(first)), await ask(client, body=body)


async def test_a_whole_replay_of_a_continued_answer_begins_with_what_it_held(
    client: httpx.AsyncClient, world: World
) -> None:
    before, answer = await continued(client, world)
    held, rest = held_then((await send(client, "GET", STREAM)).text)
    assert held[0] == parts(answer)[0]
    assert text(held) == before
    assert rest == answer.text


async def test_who_has_the_message_is_told_nothing_of_what_it_held(client: httpx.AsyncClient, world: World) -> None:
    _, answer = await continued(client, world)
    assert held_then(answer.text)[0] == []
    after_start = await send(client, "GET", STREAM, last_event_id=last_id(told_by(answer.text)[0]))
    assert parts(after_start, after=0) == parts(answer)[1:]


async def test_a_cursor_reads_its_own_stream_to_its_end_whatever_was_started_since(
    client: httpx.AsyncClient, world: World
) -> None:
    first = await ask(client)
    world.bedrock.answer = bedrock.saying("Again")
    await ask(client, body=chat(prompt="And now?", message_id="m-2"))
    resumed = await send(client, "GET", STREAM, last_event_id=last_id(told_by(first.text)[2]))
    assert resumed.headers["x-streamways-stream"] == first.headers["x-streamways-stream"]
    assert parts(resumed, after=2) == parts(first)[3:]


async def test_a_cursor_of_another_chat_of_another_user_or_of_nothing_is_refused(client: httpx.AsyncClient) -> None:
    cursor = last_id(told_by((await ask(client)).text)[2])
    elsewhere = await send(client, "GET", "/api/chat/chat-2/stream", last_event_id=cursor)
    refusal(elsewhere, 400, "invalid_request")
    refusal(await send(client, "GET", STREAM, authorization=MALLORY, last_event_id=cursor), 404, "not_found")
    unknown = str(behind(3, "never-was"))
    refusal(await send(client, "GET", STREAM, last_event_id=unknown), 404, "not_found")
