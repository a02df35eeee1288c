"""The reaper: a stream whose worker died is ended once, and its subscribers are told at once."""

import json
import time
from typing import Any

import pytest

from handlers.appsync import reaper
from shared.generation.journal_writer import JournalWriter
from shared.protocol import parts
from shared.protocol.parts import REAPER_EPOCH, SequencedPart
from shared.streams.start import StreamStart
from tests.support.appsync import World, result
from tests.support.aws import Table
from tests.support.cursors import behind
from tests.support.interference import refused
from tests.support.logs import Logs
from tests.support.services import lambda_context
from tests.support.starts import CHAT, OWNER, PROMPT, STREAM, admitted, repository, table_client, used, within
from tests.support.stock import StockClient, text_of

SAID = [
    parts.start(f"msg-{STREAM}", STREAM),
    parts.start_step(),
    parts.block_start("text", "t"),
    parts.block_delta("text", "t", "So far"),
]
SCHEDULED = {"detail-type": "Scheduled Event", "source": "aws.events", "detail": {}}


def died(stream_id: str = STREAM, chat_id: str = CHAT, owner: str = OWNER) -> StreamStart:
    """A stream whose worker was killed after it had said something."""
    start = admitted(stream_id, owner=owner, chat_id=chat_id, architecture="appsync")
    assert repository().claim(start) == "claimed"
    journal = JournalWriter(table_client(), owner, stream_id, on_lost=lambda: None)
    journal.append([SequencedPart(index, part) for index, part in enumerate(SAID)])
    assert journal.close(within(10))
    return start


def silent_for_a_minute(table: Table, owner: str = OWNER, chat_id: str = CHAT, stream_id: str = STREAM) -> None:
    """As if that had been a minute ago."""
    for item in (table.lease(owner, chat_id), table.stream(owner, stream_id)):
        assert item is not None
        table.change(item["pk"], item["sk"], startedAt=item["startedAt"] - 60)
        if "leaseExpiresAt" in item:
            table.change(item["pk"], item["sk"], leaseExpiresAt=item["leaseExpiresAt"] - 60)


def failed(start: StreamStart, condition: str = "RetriesExhausted") -> dict[str, Any]:
    """What Lambda sends to an on-failure destination."""
    return {
        "version": "1.0",
        "timestamp": "2026-11-21T12:00:00.000Z",
        "requestContext": {"requestId": "r", "functionArn": "arn", "condition": condition, "approximateInvokeCount": 1},
        "requestPayload": {"stream": start.to_json(), "startBy": time.time() + 60},
        "responseContext": {"statusCode": 200, "executedVersion": "$LATEST", "functionError": "Unhandled"},
        "responsePayload": {"errorMessage": "RequestId: r Error: Task timed out after 60.00 seconds"},
    }


def reap(event: dict[str, Any]) -> None:
    """One invocation."""
    reaper.handler(event, lambda_context())  # pyright: ignore


def told(world: World) -> list[dict[str, Any]]:
    """The parts of the one batch that was published."""
    [batch] = world.appsync.published
    assert (batch["owner"], batch["streamId"], batch["firstSequence"]) == (OWNER, STREAM, len(SAID))
    return [json.loads(part) for part in batch["parts"]]


def test_subscribers_of_a_stream_whose_worker_failed_are_told_its_end(world: World, stock: StockClient) -> None:
    reap(failed(died()))
    message, problems = stock.read([*SAID, *told(world)])
    assert problems == ["The answer broke off. Please try again."]
    assert text_of(message) == "So far"


def test_what_subscribers_are_told_is_what_the_journal_says(world: World, table: Table) -> None:
    reap(failed(died()))
    page = result("parts", {"streamId": STREAM, "after": str(behind(len(SAID) - 1))})
    assert (page["parts"], page["ended"]) == (told(world), True)
    [batch] = world.appsync.published
    assert (page["epoch"], page["cursor"]) == (batch["epoch"], batch["cursor"])
    assert batch["epoch"] == REAPER_EPOCH
    record = table.stream(OWNER, STREAM)
    assert record is not None
    assert record["state"] == "ended"
    assert table.lease(OWNER, CHAT) is None


@pytest.mark.usefixtures("table")
def test_an_event_that_no_worker_ever_got_is_told_as_well(world: World) -> None:
    start = admitted(architecture="appsync")
    reap(failed(start, "EventAgeExceeded"))
    [batch] = world.appsync.published
    assert batch["firstSequence"] == 0
    assert [json.loads(part)["type"] for part in batch["parts"]][-2:] == ["data-error", "error"]


@pytest.mark.usefixtures("table")
def test_a_failure_that_is_reported_twice_is_told_once(world: World) -> None:
    event = failed(died())
    reap(event)
    reap(event)
    assert len(world.appsync.published) == 1


@pytest.mark.usefixtures("table")
def test_a_worker_that_failed_after_its_end_is_not_told(world: World) -> None:
    start = died()
    repository().end(start, used("end_turn"), [])
    reap(failed(start))
    assert world.appsync.published == []


def test_the_sweep_ends_what_has_been_silent_and_leaves_what_runs(world: World, table: Table) -> None:
    died()
    died("stream-2", "chat-2", "bob")
    silent_for_a_minute(table)
    reap(SCHEDULED)
    assert told(world)[-1]["type"] == "error"
    other = table.stream("bob", "stream-2")
    assert other is not None
    assert other["state"] == "started"


def test_the_sweep_leaves_streams_of_other_architectures_alone(world: World, table: Table) -> None:
    admitted(architecture="websocket")
    silent_for_a_minute(table)
    reap(SCHEDULED)
    assert world.appsync.published == []
    assert table.lease(OWNER, CHAT) is not None


@pytest.mark.parametrize("status", [403, 429])
def test_subscribers_that_cannot_be_told_keep_no_other_stream_from_its_end(
    status: int, world: World, table: Table, logs: Logs, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reaper, "PUBLISH_WITHIN_SECONDS", 0.1)
    streams = [(OWNER, CHAT, STREAM), ("bob", "chat-2", "stream-2")]
    for owner, chat_id, stream_id in streams:
        died(stream_id, chat_id, owner)
        silent_for_a_minute(table, owner, chat_id, stream_id)
    world.appsync.failures.are([status], for_ever=True)
    reap(SCHEDULED)
    assert [record["state"] for record in table.items("stream#", "stream")] == ["ended", "ended"]
    assert {line["streamId"] for line in logs.lines("subscribers could not be told")} == {STREAM, "stream-2"}


def two_dead(table: Table) -> None:
    for owner, chat_id, stream_id in [(OWNER, CHAT, STREAM), ("bob", "chat-2", "stream-2")]:
        died(stream_id, chat_id, owner)
        silent_for_a_minute(table, owner, chat_id, stream_id)


@pytest.mark.usefixtures("impatient")
def test_a_stream_that_cannot_be_read_keeps_no_other_from_being_ended_and_told(world: World, table: Table) -> None:
    two_dead(table)
    with refused(reaper.reaper().repository.table.client, "BatchGetItem", "InternalServerError", times=2):
        reap(SCHEDULED)
    assert len(world.appsync.published) == 1
    reap(SCHEDULED)
    assert {batch["streamId"] for batch in world.appsync.published} == {STREAM, "stream-2"}


def test_subscribers_that_cannot_be_told_for_a_fault_of_ours_keep_no_other_stream_from_its_end(
    world: World,  # noqa: ARG001
    table: Table,
    logs: Logs,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    two_dead(table)
    monkeypatch.delenv("GRAPHQL_URL")
    reap(SCHEDULED)
    assert [record["state"] for record in table.items("stream#", "stream")] == ["ended", "ended"]
    assert len(logs.lines("subscribers could not be told")) == 2


@pytest.mark.usefixtures("table")
def test_a_read_that_fails_for_a_moment_costs_no_subscriber_the_end(world: World) -> None:
    event = failed(died())
    with refused(reaper.reaper().repository.table.client, "GetItem", "InternalServerError", times=2):
        reap(event)
    assert told(world)[-1]["type"] == "error"


@pytest.mark.usefixtures("table")
def test_no_word_of_prompt_or_answer_is_logged(world: World, logs: Logs) -> None:
    reap(failed(died()))
    assert world.appsync.published
    for private in (PROMPT, "So far"):
        assert private not in logs.text
