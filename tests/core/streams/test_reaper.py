"""The reaper: a stream whose worker died is ended once, with what it said, and one that lives is left alone."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from shared.errors import Busy
from shared.generation.journal_writer import JournalWriter
from shared.models.events import Usage
from shared.protocol import parts
from shared.protocol.parts import REAPER_EPOCH, Part, SequencedPart
from shared.streams import heartbeat as heartbeats
from shared.streams.journal import JournalReader
from shared.streams.reaper import Reaper
from shared.streams.records import LEASE_SECONDS
from shared.streams.repository import StreamRepository
from shared.streams.start import StreamStart
from shared.table.client import Item
from shared.table.keys import Key
from shared.table.patience import Patience
from tests.support.aws import Table
from tests.support.logs import Logs
from tests.support.models import ScriptedModel, spoken
from tests.support.outboxes import text_of
from tests.support.runs import begun, booked, failure, journaled, types
from tests.support.server import WAIT_SECONDS
from tests.support.starts import CHAT, OWNER, STREAM, admitted, repository, running, table_client, within
from tests.support.tables import WatchedTable

SAID: list[Part] = [
    parts.start(f"msg-{STREAM}", STREAM),
    parts.start_step(),
    parts.block_start("text", "t"),
    parts.block_delta("text", "t", "So far and no"),
]
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


def reaper() -> Reaper:
    return Reaper(repository(), JournalReader(table_client()))


def journal(said: list[Part], first: int = 0, stream_id: str = STREAM) -> None:
    """What the worker wrote before it died."""
    writer = JournalWriter(table_client(), OWNER, stream_id, on_lost=lambda: None)
    writer.append([SequencedPart(first + index, part) for index, part in enumerate(said)])
    assert writer.close(within(WAIT_SECONDS))


def died(table: Table, said: list[Part] = SAID, stream_id: str = STREAM, prompt: str = "Why?") -> StreamStart:
    """A stream whose worker has said so much, and whose lease has run out."""
    start = running(stream_id, prompt)
    if said:
        journal(said, stream_id=stream_id)
    table.change(f"user#{OWNER}", f"lease#{CHAT}", leaseExpiresAt=1, startedAt=1)
    return start


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


def event(of: StreamStart) -> dict[str, Any]:
    return {"connectionId": "c", "stream": of.to_json(), "startBy": 0.0}


def impatient(pause: Callable[[float], object] = lambda _: None) -> Reaper:
    """A reaper for which time passes by its pauses alone."""
    now = 0.0

    def passed(seconds: float) -> None:
        nonlocal now
        now += seconds
        pause(now)

    return Reaper(repository(), JournalReader(table_client()), pause=passed, clock=lambda: now)


def test_the_stream_of_a_failed_invocation_is_ended_though_its_lease_is_good(table: Table) -> None:
    start = admitted(address={"connectionId": "c", "requestId": STREAM})
    assert repository().claim(start) == "claimed"
    journal(SAID)
    waited: list[float] = []
    reaped = impatient(waited.append).of_event(event(start))
    assert reaped is not None
    assert reaped.open.address == {"connectionId": "c", "requestId": STREAM}
    assert booked(table)["stopReason"] == "internal"
    assert 2 * heartbeats.INTERVAL_SECONDS < max(waited) < LEASE_SECONDS
    assert impatient().of_event(event(start)) is None


def test_the_stream_of_an_event_that_no_worker_ever_took_is_ended_at_once(table: Table) -> None:
    start = admitted()
    waited: list[float] = []
    assert impatient(waited.append).of_event(event(start)) is not None
    assert waited == []
    assert booked(table)["stopReason"] == "internal"
    assert repository().claim(start) == "taken", "a duplicate that comes now runs nothing"


def test_a_duplicate_that_fails_does_not_end_the_stream_of_the_worker_that_runs_it(table: Table) -> None:
    """It aged out, ran out of memory, or failed in its init; another delivery of the event is being worked on."""
    start = admitted()
    assert repository().claim(start) == "claimed"
    journal(SAID)
    before = journaled()

    def beat(now: float) -> None:
        if now >= 1.4:
            repository().leases.renew(start, Usage(1, 2), "m")

    assert impatient(beat).of_event(event(start)) is None
    assert journaled() == before
    record = table.stream(OWNER, STREAM)
    assert record is not None
    assert record["state"] == "started"


def test_a_worker_that_ends_its_stream_while_it_is_watched_is_left_alone(table: Table) -> None:
    start = admitted()
    assert repository().claim(start) == "claimed"

    def end(_: float) -> None:
        repository().end(start, {"stopReason": "end_turn"}, [])

    assert impatient(end).of_event(event(start)) is None
    assert booked(table)["stopReason"] == "end_turn"


def test_a_worker_that_claims_the_stream_just_before_the_reaper_is_watched_like_any_other(table: Table) -> None:
    start = admitted()
    claimed: list[str] = []
    watched = WatchedTable()

    def claim(asked: str) -> None:
        if asked == "UpdateItem" and not claimed:
            claimed.append(repository().claim(start))

    watched.before = claim

    def beat(_: float) -> None:
        repository().leases.renew(start, Usage(1, 2), "m")

    streams = StreamRepository(watched)
    assert Reaper(streams, JournalReader(watched), pause=beat).of_event(event(start)) is None
    assert claimed == ["claimed"]
    record = table.stream(OWNER, STREAM)
    assert record is not None
    assert record["state"] == "started"


@pytest.mark.parametrize("when", ["before", "meanwhile"])
def test_a_superseded_stream_has_a_lease_to_end(when: str, table: Table) -> None:
    """It has no lease any more, and so no heartbeat that shows whether its worker lives."""
    start = admitted()
    assert repository().claim(start) == "claimed"
    waited: list[float] = []

    def supersede(now: float) -> None:
        waited.append(now)
        if when == "meanwhile" and len(waited) == 1:
            admitted("stream-2", "And now?")

    if when == "before":
        admitted("stream-2", "And now?")
    assert impatient(supersede).of_event(event(start)) is not None
    assert LEASE_SECONDS - 2 < max(waited) < LEASE_SECONDS + 2
    assert booked(table)["stopReason"] == "internal"


def test_a_superseded_stream_that_was_claimed_late_has_no_longer_than_a_worker(table: Table) -> None:
    """Its lease was for the way to a worker too; the reaper's own time is a minute."""
    start = admitted()
    admitted("stream-2", "And now?")
    assert repository().claim(start) == "superseded"
    waited: list[float] = []
    assert impatient(waited.append).of_event(event(start)) is not None
    assert max(waited) < LEASE_SECONDS + 2
    assert booked(table)["stopReason"] == "internal"


@pytest.mark.parametrize("moment", ["before the watch", "while it is watched"])
def test_a_stream_that_its_user_stops_ends_as_stopped_though_its_worker_died(moment: str, table: Table) -> None:
    start = admitted()
    assert repository().claim(start) == "claimed"
    if moment == "before the watch":
        repository().cancel(OWNER, STREAM)
    reaped = impatient(lambda _: repository().cancel(OWNER, STREAM)).of_event(event(start))
    assert reaped is not None
    assert booked(table)["stopReason"] == "cancelled"
    assert types(journaled())[-2:] == ["message-metadata", "abort"]
    assert (reaped.error.status, reaped.error.message) == (409, "The answer was stopped.")


def test_a_look_that_takes_long_does_not_stand_for_those_that_were_not_made(table: Table) -> None:  # noqa: ARG001
    """A read that hangs says what was: the heartbeat may have come meanwhile."""
    start = admitted()
    assert repository().claim(start) == "claimed"
    now = 0.0

    class Slow(WatchedTable):
        """Its second look lasts until the watch is over, and the heartbeat comes after that."""

        looks = 0

        def get(self, key: Key) -> Item | None:
            nonlocal now
            item = super().get(key)
            if key["sk"].startswith("lease#"):
                self.looks += 1
                if self.looks == 2:
                    now += 60.0
                    repository().leases.renew(start, Usage(1, 2), "m")
            return item

    slow = Slow()
    watching = Reaper(StreamRepository(slow), JournalReader(slow), pause=lambda _: None, clock=lambda: now)
    assert watching.of_event(event(start)) is None
    assert slow.looks == 3


def test_a_superseded_stream_that_its_worker_ends_is_left_alone(table: Table) -> None:
    start = admitted()
    assert repository().claim(start) == "claimed"
    admitted("stream-2", "And now?")

    def end(_: float) -> None:
        repository().end(start, {"stopReason": "superseded"}, [], holds_lease=False)

    assert impatient(end).of_event(event(start)) is None
    assert booked(table)["stopReason"] == "superseded"


@pytest.mark.parametrize("what", ["ended", "withdrawn", "of an earlier start"])
def test_a_failed_invocation_of_a_stream_that_is_not_open_ends_nothing(what: str, table: Table) -> None:
    start = admitted()
    if what == "ended":
        repository().end(start, {}, [])
    else:
        repository().withdraw(start)
        if what == "of an earlier start":
            admitted(prompt="Once more?")
    before = table.items()
    assert reaper().of_event(event(start)) is None
    assert table.items() == before


def test_a_failed_invocation_of_a_reader_ends_nothing(table: Table) -> None:  # noqa: ARG001
    tail = {"owner": OWNER, "streamId": STREAM, "resumed": True, "cursor": None}
    assert reaper().of_event({"connectionId": "c", "requestId": "r", "tail": tail}) is None
