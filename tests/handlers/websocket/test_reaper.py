"""The reaper: a stream whose worker died is ended once, and its client told in an `error` frame, never a chunk."""

import time
from typing import Any

import pytest

from handlers.websocket import reaper
from shared.generation.journal_writer import JournalWriter
from shared.protocol import parts
from shared.protocol.parts import SequencedPart
from shared.streams.journal import JournalReader
from tests.support.aws import Table
from tests.support.interference import refused
from tests.support.logs import Logs
from tests.support.services import lambda_context
from tests.support.starts import CHAT, OWNER, STREAM, admitted, repository, table_client, within
from tests.support.websocket import CONNECTION, World, error_of

ADDRESS = {"connectionId": CONNECTION, "requestId": STREAM}
SCHEDULE: dict[str, Any] = {"version": "0", "detail-type": "Scheduled Event", "source": "aws.events", "detail": {}}


def dying(stream_id: str = STREAM, chat_id: str = CHAT, connection_id: str = CONNECTION) -> dict[str, Any]:
    """The event of a worker that has begun to speak."""
    address = {"connectionId": connection_id, "requestId": stream_id}
    start = admitted(stream_id, chat_id=chat_id, address=address)
    repository().claim(start)
    journal = JournalWriter(table_client(), OWNER, stream_id, on_lost=lambda: None)
    journal.append([SequencedPart(0, parts.start("msg-1", stream_id)), SequencedPart(1, parts.start_step())])
    assert journal.close(within(5))
    return {**address, "connectedAt": 1, "stream": start.to_json(), "startBy": time.time()}


def reap(event: dict[str, Any]) -> None:
    reaper.handler(event, lambda_context())  # pyright: ignore


def failed(payload: dict[str, Any], condition: str = "RetriesExhausted") -> dict[str, Any]:
    """Lambda's record of a failed invocation."""
    return {"version": "1.0", "requestContext": {"condition": condition}, "requestPayload": payload}


def expire(table: Table, chat_id: str = CHAT) -> None:
    """Nobody has heard of the worker for long."""
    now = int(time.time())
    table.change(f"user#{OWNER}", f"lease#{chat_id}", leaseExpiresAt=now - 1, startedAt=now - 60)


@pytest.mark.parametrize("condition", ["RetriesExhausted", "EventAgeExceeded"])
def test_the_client_of_a_failed_worker_is_told_in_an_error_frame(condition: str, world: World, table: Table) -> None:
    reap(failed(dying(), condition))
    [frame] = world.connections.frames(CONNECTION)
    assert error_of(frame, STREAM)["code"] == "internal"
    assert table.lease(OWNER, CHAT) is None
    written = JournalReader(table_client()).read(OWNER, STREAM)
    assert written[-1].part["type"] == "error"


def test_a_stream_that_no_worker_has_begun_is_ended_too(world: World, table: Table) -> None:
    start = admitted(address=ADDRESS)
    reap(failed({**ADDRESS, "stream": start.to_json(), "startBy": 0}, "EventAgeExceeded"))
    assert error_of(world.connections.frames(CONNECTION)[0], STREAM)["code"] == "internal"
    assert table.lease(OWNER, CHAT) is None


def test_a_client_is_told_once(world: World) -> None:
    event = failed(dying())
    reap(event)
    reap(event)
    assert len(world.connections.frames(CONNECTION)) == 1


def test_the_client_of_a_failed_reader_is_told_and_the_stream_goes_on(world: World, table: Table) -> None:
    dying()
    tail = {"owner": OWNER, "streamId": STREAM, "chatId": CHAT, "resumed": True, "cursor": None}
    reap(failed({"connectionId": "another", "requestId": "r-2", "connectedAt": 1, "tail": tail}))
    [frame] = world.connections.frames("another")
    assert error_of(frame, "r-2")["code"] == "internal"
    assert world.connections.frames(CONNECTION) == []
    assert table.lease(OWNER, CHAT) is not None


def test_the_sweep_finds_what_lambda_did_not_report(world: World, table: Table) -> None:
    dying("s-1", "chat-1", "one")
    dying("s-2", "chat-2", "two")
    dying("s-3", "chat-3", "three")
    expire(table, "chat-1")
    expire(table, "chat-2")
    reap(SCHEDULE)
    assert error_of(world.connections.frames("one")[0], "s-1")["code"] == "internal"
    assert error_of(world.connections.frames("two")[0], "s-2")["code"] == "internal"
    assert world.connections.frames("three") == [], "its worker lives"


@pytest.mark.parametrize("failures", [[410], [403], [0, 410], [429, 410]])
def test_a_client_that_cannot_be_told_keeps_no_other_from_being_told(
    failures: list[int | None], world: World, table: Table
) -> None:
    dying("s-1", "chat-1", "one")
    dying("s-2", "chat-2", "two")
    expire(table, "chat-1")
    expire(table, "chat-2")
    world.connections.failures.are(failures)
    reap(SCHEDULE)
    assert len(world.connections.frames("one")) + len(world.connections.frames("two")) == 1
    assert table.items(f"user#{OWNER}", "lease#") == []


@pytest.mark.usefixtures("impatient")
def test_a_stream_that_cannot_be_read_keeps_no_other_from_being_ended_and_told(world: World, table: Table) -> None:
    dying("s-1", "chat-1", "one")
    dying("s-2", "chat-2", "two")
    expire(table, "chat-1")
    expire(table, "chat-2")
    with refused(reaper.reaper().repository.table.client, "BatchGetItem", "InternalServerError", times=2):
        reap(SCHEDULE)
    assert len(world.connections.frames("one")) + len(world.connections.frames("two")) == 1
    reap(SCHEDULE)
    assert (len(world.connections.frames("one")), len(world.connections.frames("two"))) == (1, 1)


def test_a_read_that_fails_for_a_moment_costs_no_client_the_end(world: World) -> None:
    event = failed(dying())
    with refused(reaper.reaper().repository.table.client, "GetItem", "InternalServerError", times=2):
        reap(event)
    assert error_of(world.connections.frames(CONNECTION)[0], STREAM)["code"] == "internal"


def test_no_word_of_the_answer_is_logged(world: World, logs: Logs) -> None:  # noqa: ARG001
    reap(failed(dying()))
    assert "Why is the sky blue" not in logs.text
