"""The reaper of the function URL: what nobody ends any more is ended on a schedule, once, where a resume finds it."""

import time
from typing import Any

import httpx
import pytest

from handlers.function_url import reaper
from shared.contract.tiers import Tier
from shared.generation.journal_writer import JournalWriter
from shared.protocol import parts as protocol
from shared.protocol.parts import SequencedPart
from shared.protocol.request import ChatRequest
from shared.streams.admission import Joined
from shared.streams.records import LEASE_SECONDS
from shared.streams.start import Architecture
from shared.table.client import TableClient
from tests.support.aws import Table
from tests.support.function_url import OWNER, World, chat, parts, send, text
from tests.support.interference import refused
from tests.support.logs import Logs
from tests.support.pool import token
from tests.support.server import WAIT_SECONDS
from tests.support.services import lambda_context
from tests.support.starts import admission_to

SCHEDULE: dict[str, Any] = {"detail-type": "Scheduled Event", "source": "aws.events", "detail": {}}


def dies(stream_id: str, chat_id: str = "chat-1", architecture: Architecture = "function-url") -> None:
    """A function that has begun an answer, and is killed."""
    request = ChatRequest.from_client(chat(chat_id))
    started = admission_to(TableClient.from_environment(), architecture).admit(
        OWNER, request, tier=Tier.ENTERPRISE, stream_id=stream_id, correlation_id="c-1", running=True
    )
    assert not isinstance(started, Joined)
    said = [
        protocol.start(started.message_id, stream_id),
        protocol.start_step(),
        protocol.block_start("text", "t"),
        protocol.block_delta("text", "t", "Hal"),
    ]
    journal = JournalWriter(TableClient.from_environment(), OWNER, stream_id, on_lost=lambda: None)
    journal.append([SequencedPart(sequence, part) for sequence, part in enumerate(said)])
    assert journal.close(time.monotonic() + WAIT_SECONDS)


def leases_end(monkeypatch: pytest.MonkeyPatch) -> None:
    """From now on it is so late that nobody has heard of the streams that were begun before."""
    now = time.time
    monkeypatch.setattr("time.time", lambda: now() + LEASE_SECONDS + 1)


async def test_a_stream_whose_function_died_is_ended_once_and_its_client_finds_out_when_it_resumes(
    client: httpx.AsyncClient, table: Table, logs: Logs, monkeypatch: pytest.MonkeyPatch
) -> None:
    dies("s-1")
    fresh = f"Bearer {token()}"
    leases_end(monkeypatch)
    reaper.handler(SCHEDULE, lambda_context())
    told = parts(await send(client, "GET", "/api/chat/chat-1/stream", authorization=fresh))
    assert text(told) == "Hal"
    assert [part["type"] for part in told[-5:]] == [
        "text-end",
        "finish-step",
        "message-metadata",
        "data-error",
        "error",
    ]
    ended = table.stream(OWNER, "s-1")
    assert ended is not None
    assert (ended["state"], ended["stopReason"]) == ("ended", "internal")
    reaper.handler(SCHEDULE, lambda_context())
    assert table.stream(OWNER, "s-1") == ended
    [line] = logs.lines("a stream whose function died was ended")
    assert (line["streamId"], line["chatId"], line["code"]) == ("s-1", "chat-1", "internal")


def test_a_stream_that_runs_and_one_of_another_architecture_are_left_alone(
    world: World,  # noqa: ARG001
    table: Table,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    dies("theirs", "chat-1", "websocket")
    leases_end(monkeypatch)
    dies("alive", "chat-2")
    reaper.handler(SCHEDULE, lambda_context())
    for stream_id in ("theirs", "alive"):
        item = table.stream(OWNER, stream_id)
        assert item is not None
        assert item["state"] == "started"


@pytest.mark.usefixtures("world", "impatient")
def test_a_stream_that_cannot_be_read_keeps_no_other_from_its_end(
    table: Table, monkeypatch: pytest.MonkeyPatch
) -> None:
    dies("s-1", "chat-1")
    dies("s-2", "chat-2")
    leases_end(monkeypatch)
    with refused(reaper.reaper().repository.table.client, "BatchGetItem", "InternalServerError", times=2):
        reaper.handler(SCHEDULE, lambda_context())
    assert sorted(item["state"] for item in table.items("stream#", "stream")) == ["ended", "started"]
    reaper.handler(SCHEDULE, lambda_context())
    assert [item["state"] for item in table.items("stream#", "stream")] == ["ended", "ended"]
