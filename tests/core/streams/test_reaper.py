"""The reaper: a stream whose worker died is ended once, with what it said, and one that lives is left alone."""

from collections.abc import Iterator
from typing import Any

import pytest

from shared.errors import Busy
from shared.models.events import Usage
from shared.protocol import parts
from shared.protocol.parts import REAPER_EPOCH, Part, SequencedPart
from shared.streams.journal import JournalReader
from shared.streams.reaper import Reaper
from shared.streams.repository import StreamRepository
from shared.table.patience import Patience
from tests.support.aws import Table
from tests.support.dead_streams import SAID, died, journal, reaper
from tests.support.logs import Logs
from tests.support.models import ScriptedModel, spoken
from tests.support.outboxes import text_of
from tests.support.runs import begun, booked, failure, journaled, types
from tests.support.starts import CHAT, OWNER, STREAM, admitted, repository, running, table_client
from tests.support.tables import WatchedTable

FINISHED: list[Part] = [
    parts.block_end("text", "t"),
    {"type": "finish-step"},
    parts.finish(
        "length",
        {
            "streamId": STREAM,
            "model": "amazon.nova-lite-v1:0",
            "stopReason": "max_tokens",
            "usage": {"inputTokens": 3, "outputTokens": 5, "totalTokens": 8},
            "cost": {"currency": "USD", "model": 0.000123},
            "timings": {"firstTextMs": None, "totalMs": 12.5},
        },
    ),
]


def test_a_stream_whose_lease_has_run_out_is_ended_after_what_was_journaled(table: Table) -> None:
    died(table)
    [reaped] = reaper().sweep("websocket")
    told = journaled()
    assert told[:4] == SAID
    assert types(told)[4:6] == ["text-end", "finish-step"]
    assert failure(told)[0]["code"] == reaped.error.code == booked(table)["stopReason"] == "internal"
    assert reaped.open.stream_id == STREAM
    assert [numbered.sequence for numbered in reaped.terminal] == [4, 5, 6, 7, 8]
    assert [numbered.part for numbered in reaped.terminal] == told[4:]


def test_the_answer_so_far_stands_in_the_history(table: Table) -> None:
    died(table)
    assert len(list(reaper().sweep("websocket"))) == 1
    answer = table.messages(CHAT)[1]
    assert answer["parts"] == [{"type": "text", "text": "So far and no"}]
    assert answer["state"] == "done"


def test_what_its_last_heartbeat_told_is_booked_or_what_the_journal_shows_if_that_is_more(
    table: Table, logs: Logs
) -> None:
    start = died(table)
    repository().leases.renew(start, Usage(40, 1, estimated=True), "amazon.nova-lite-v1:0")
    table.change(f"user#{OWNER}", f"lease#{CHAT}", leaseExpiresAt=1)
    assert len(list(reaper().sweep("websocket"))) == 1
    usage = booked(table)["usage"]
    assert (int(usage["inputTokens"]), int(usage["outputTokens"]), usage["estimated"]) == (40, 4, True)
    assert booked(table)["model"] == "amazon.nova-lite-v1:0"
    [metrics] = logs.metrics()
    assert metrics["OutputTokens"] == [4]
    assert (metrics["FailedStreams"], metrics["ReapedStreams"]) == ([1], [1])
    assert "DeliveryLag" not in metrics


def test_a_stream_that_never_said_anything_is_told_from_its_start(table: Table) -> None:
    died(table, said=[])
    assert len(list(reaper().sweep("websocket"))) == 1
    assert types(journaled()) == ["start", "message-metadata", "data-error", "error"]
    assert journaled()[0]["messageId"] == f"msg-{STREAM}"


def test_a_worker_that_died_between_its_last_part_and_its_usage_record_is_booked_as_it_told(
    table: Table, logs: Logs
) -> None:
    died(table, said=[*SAID, *FINISHED])
    [reaped] = reaper().sweep("websocket")
    assert journaled() == [*SAID, *FINISHED]
    assert [numbered.part for numbered in reaped.terminal] == FINISHED
    record = booked(table)
    assert (record["stopReason"], int(record["usage"]["outputTokens"])) == ("max_tokens", 5)
    assert "estimated" not in record["usage"]
    assert logs.metrics()[0]["Duration"] == [12.5]


@pytest.mark.usefixtures("impatient")
def test_an_end_that_could_not_be_booked_is_told_by_the_next_sweep_without_a_part_of_the_worker(table: Table) -> None:
    """A publish has one epoch."""
    died(table, said=[*SAID, parts.block_end("text", "t")])
    watched = WatchedTable()
    watched.fail("TransactWriteItems")
    assert list(Reaper(StreamRepository(watched), JournalReader(watched)).sweep("websocket")) == []
    told = journaled()
    [reaped] = reaper().sweep("websocket")
    assert journaled() == told
    assert {numbered.epoch for numbered in reaped.terminal} == {REAPER_EPOCH}
    assert [numbered.part for numbered in reaped.terminal] == told[5:]


def test_metrics_that_cannot_be_written_keep_no_client_from_being_told(
    table: Table, logs: Logs, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("POWERTOOLS_METRICS_NAMESPACE")
    died(table)
    [reaped] = reaper().sweep("websocket")
    assert reaped.open.stream_id == STREAM
    assert booked(table)["stopReason"] == "internal"
    assert logs.lines("recording the stream failed")


def test_a_stream_is_reaped_once(table: Table) -> None:
    died(table)
    dead = next(iter(repository().open_streams("websocket")))
    assert reaper().reap(dead) is not None
    before = table.items()
    assert reaper().reap(dead) is None
    assert list(reaper().sweep("websocket")) == []
    assert table.items() == before


def test_a_worker_that_was_quicker_keeps_its_stream(table: Table) -> None:
    died(table)
    dead = next(iter(repository().open_streams("websocket")))

    class Overtaken(JournalReader):
        """The worker writes on right after the reaper has read."""

        def page(self, owner: str, stream_id: str, first: int) -> list[SequencedPart]:
            page = super().page(owner, stream_id, first)
            if not page:
                journal([parts.block_delta("text", "t", " there is more")], first)
            return page

    assert Reaper(repository(), Overtaken(table_client())).reap(dead) is None
    assert text_of(journaled()) == "So far and no there is more"
    record = table.stream(OWNER, STREAM)
    assert record is not None
    assert record["state"] == "started"


def test_a_stream_that_was_superseded_before_it_died_is_ended_without_the_lease(table: Table) -> None:
    died(table)
    newer = running("stream-2", "And why is it dark?")
    table.change(f"stream#{OWNER}#{STREAM}", "stream", startedAt=1)
    [reaped] = reaper().sweep("websocket")
    assert (reaped.open.stream_id, reaped.open.holds_lease) == (STREAM, False)
    assert booked(table)["stopReason"] == "internal"
    lease = table.lease(OWNER, CHAT)
    assert lease is not None
    assert lease["fencingToken"] == newer.fencing_token


def test_streams_that_live_that_ended_and_of_other_architectures_are_left_alone(table: Table) -> None:
    run = begun(ScriptedModel(*spoken("Hello")))
    run.detach()
    run.join()
    died(table, stream_id="stream-2", prompt="Dead.")
    admitted("stream-3", "Alive.", chat_id="chat-3", running=True)
    assert list(reaper().sweep("appsync")) == []
    assert [reaped.open.stream_id for reaped in reaper().sweep("websocket")] == ["stream-2"]


@pytest.mark.usefixtures("impatient")
def test_a_stream_that_cannot_be_ended_keeps_no_other_from_its_end(table: Table, logs: Logs) -> None:
    died(table)
    admitted("stream-2", "Another.", chat_id="chat-2", running=True)
    table.change(f"user#{OWNER}", "lease#chat-2", leaseExpiresAt=1, startedAt=2)
    watched = WatchedTable()
    watched.fail("TransactWriteItems", times=1)
    sweeping = Reaper(StreamRepository(watched), JournalReader(watched))
    assert [reaped.open.stream_id for reaped in sweeping.sweep("websocket")] == ["stream-2"]
    assert logs.lines("a stream could not be ended")
    # The first one's end is in its journal: the next sweep books it.
    [reaped] = sweeping.sweep("websocket")
    assert reaped.open.stream_id == STREAM
    assert types(journaled())[-3:] == ["message-metadata", "data-error", "error"]


def two_dead(table: Table) -> None:
    died(table)
    admitted("stream-2", "Another.", chat_id="chat-2", running=True)
    table.change(f"user#{OWNER}", "lease#chat-2", leaseExpiresAt=1, startedAt=2)


@pytest.mark.usefixtures("impatient")
def test_a_stream_that_cannot_be_read_keeps_no_other_from_its_end(table: Table, logs: Logs) -> None:
    two_dead(table)
    watched = WatchedTable()
    watched.fail("BatchGetItem", times=2)  # of both, and of the first of them alone
    sweeping = Reaper(StreamRepository(watched), JournalReader(watched))
    assert [reaped.open.stream_id for reaped in sweeping.sweep("websocket")] == ["stream-2"]
    [line] = logs.lines("an open stream could not be read")
    assert line["stream"] == {"pk": f"user#{OWNER}", "sk": f"lease#{CHAT}"}
    assert [reaped.open.stream_id for reaped in sweeping.sweep("websocket")] == [STREAM]


def test_a_stream_that_is_not_understood_keeps_no_other_from_its_end(table: Table, logs: Logs) -> None:
    """One of another version, perhaps."""
    table.fill([{"pk": "user#b", "sk": "lease#c", "open": "websocket", "startedAt": 0, "leaseExpiresAt": 1}])
    died(table)
    assert [reaped.open.stream_id for reaped in reaper().sweep("websocket")] == [STREAM]
    [line] = logs.lines("an open stream could not be read")
    assert line["stream"]["pk"] == "user#b"


@pytest.mark.usefixtures("impatient")
def test_what_was_found_is_ended_before_the_sweep_fails_because_no_more_can_be_found(table: Table) -> None:
    """A page of the index names the next one: without it no more is known."""

    class OneByOne(WatchedTable):
        def pages(self, patience: Patience | None = None, /, **query: object) -> Iterator[list[dict[str, Any]]]:
            return super().pages(patience, **({"Limit": 1, **query} if "IndexName" in query else query))

    two_dead(table)
    watched = OneByOne()
    sweep = Reaper(StreamRepository(watched), JournalReader(watched)).sweep("websocket")
    assert next(sweep).open.stream_id == STREAM
    watched.fail("Query")
    with pytest.raises(Busy):
        next(sweep)
    assert booked(table)["stopReason"] == "internal"
