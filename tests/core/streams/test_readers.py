"""A reader that was dropped: a stop, unless the user reads on. Decided by whoever runs the stream, or ends it."""

import time

import pytest

from shared.models.events import Delta, Usage
from shared.streams import heartbeat as heartbeats
from shared.streams import leases
from shared.streams.journal import JournalReader
from shared.streams.leases import LeaseNews
from shared.streams.readers import KEPT_SECONDS, RESUMED_AGAIN_SECONDS, Read, Reader, Readers
from shared.streams.reaper import Reaper
from shared.streams.repository import StreamRepository
from tests.support.aws import Table
from tests.support.models import SILENCE, ScriptedModel
from tests.support.runs import begun, booked, journaled, types
from tests.support.starts import CHAT, OWNER, STREAM, repository, running, table_client, used
from tests.support.tables import WatchedTable

READS = Read(STREAM, CHAT)
FIRST, SECOND = Reader(OWNER, "c-1", "r-1"), Reader(OWNER, "c-1", "r-2")
USAGE = Usage(1, 1, estimated=True)


def readers() -> Readers:
    return Readers(table_client())


def drop(reader: Reader = FIRST) -> None:
    """What the route does with the `abort` of a reader."""
    assert readers().drop(reader) == READS
    repository().leases.drop_reader(OWNER, CHAT, STREAM)


@pytest.fixture
def due(monkeypatch: pytest.MonkeyPatch) -> None:
    """The two seconds are over at once."""
    monkeypatch.setattr(leases, "RESUMED_AGAIN_SECONDS", 0.0)


@pytest.mark.usefixtures("table", "due")
def test_a_reader_that_was_dropped_and_does_not_come_again_meant_a_stop() -> None:
    start = running()
    readers().attach(FIRST, READS)
    assert repository().leases.renew(start, USAGE, "m") == LeaseNews("running")
    drop()
    assert repository().leases.renew(start, USAGE, "m") == LeaseNews("cancelled")


@pytest.mark.usefixtures("table")
def test_it_is_not_decided_before_two_seconds_and_asked_again_right_then() -> None:
    start = running()
    readers().attach(FIRST, READS)
    before = time.time()
    drop()
    heard = repository().leases.renew(start, USAGE, "m")
    assert heard.state == "running"
    assert heard.look_again_at is not None
    assert before + RESUMED_AGAIN_SECONDS <= heard.look_again_at <= time.time() + RESUMED_AGAIN_SECONDS


@pytest.mark.usefixtures("due")
@pytest.mark.parametrize("order", ["before", "after"])
@pytest.mark.parametrize("other", [SECOND, Reader(OWNER, "another", "r-1")], ids=["here", "on another connection"])
def test_a_chat_that_is_read_again_goes_on_and_it_is_settled_for_good(order: str, other: Reader, table: Table) -> None:
    start = running()
    readers().attach(FIRST, READS)
    acts = [lambda: readers().attach(other, READS), drop]
    for act in acts if order == "before" else reversed(acts):
        act()
    assert repository().leases.renew(start, USAGE, "m") == LeaseNews("running")
    lease = table.lease(OWNER, CHAT)
    assert lease is not None
    assert "readerDroppedAt" not in lease
    drop(other)
    assert repository().leases.renew(start, USAGE, "m") == LeaseNews("cancelled"), "the last reader was dropped"


@pytest.mark.usefixtures("due")
def test_a_reader_of_another_chat_or_user_or_long_ago_saves_nothing(table: Table) -> None:
    start = running()
    readers().attach(FIRST, READS)
    readers().attach(SECOND, Read("other", "chat-2"))
    readers().attach(Reader("mallory", "c-1", "r-4"), READS)
    readers().attach(Reader(OWNER, "tab-2", "r-5"), READS)
    table.change(f"user#{OWNER}", "reader#tab-2#r-5", resumedAt=int(time.time()) - 60)
    drop()
    assert repository().leases.renew(start, USAGE, "m") == LeaseNews("cancelled")


@pytest.mark.usefixtures("due")
def test_an_abort_that_comes_while_the_last_one_is_settled_is_not_lost(table: Table) -> None:  # noqa: ARG001
    start = running()
    readers().attach(FIRST, READS)
    readers().attach(SECOND, READS)
    drop()
    watched = WatchedTable()
    writes = 0

    def meanwhile(asked: str) -> None:
        nonlocal writes
        writes += asked == "UpdateItem"
        if asked == "UpdateItem" and writes == 2:
            watched.before = lambda _: None
            drop(SECOND)

    watched.before = meanwhile
    assert StreamRepository(watched).leases.renew(start, USAGE, "m") == LeaseNews("running")
    assert repository().leases.renew(start, USAGE, "m") == LeaseNews("cancelled")


@pytest.mark.usefixtures("table")
def test_a_dropped_reader_of_a_stream_that_was_superseded_or_has_ended_stops_no_other() -> None:
    running()
    newer = running("stream-2", "And now?")
    repository().leases.drop_reader(OWNER, CHAT, STREAM)
    assert repository().leases.renew(newer, USAGE, "m") == LeaseNews("running")
    repository().end(newer, used(), [])
    repository().leases.drop_reader(OWNER, CHAT, "stream-2")


def test_a_running_stream_stops_by_itself_whatever_became_of_the_reader(
    table: Table, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(heartbeats, "INTERVAL_SECONDS", 0.05)
    monkeypatch.setattr(leases, "RESUMED_AGAIN_SECONDS", 0.2)
    readers().attach(FIRST, READS)
    model = ScriptedModel(Delta("text", 0, "So far"), SILENCE)
    run = begun(model)
    drop()
    run.detach()
    run.join()
    assert model.interrupted.is_set()
    assert booked(table)["stopReason"] == "cancelled"
    assert types(journaled())[-2:] == ["message-metadata", "abort"]


@pytest.mark.parametrize(
    ("how", "reason"), [("cancelled", "cancelled"), ("dropped", "cancelled"), ("read again", "internal")]
)
def test_a_stop_outlives_the_worker_that_should_have_heard_of_it(how: str, reason: str, table: Table) -> None:
    running()
    readers().attach(FIRST, READS)
    if how == "cancelled":
        repository().cancel(OWNER, STREAM)
    else:
        drop()
    if how == "read again":
        readers().attach(SECOND, READS)
    table.change(f"user#{OWNER}", f"lease#{CHAT}", leaseExpiresAt=1, startedAt=1)
    [reaped] = Reaper(repository(), JournalReader(table_client())).sweep("websocket")
    assert booked(table)["stopReason"] == reason
    assert reaped.terminal[-1].part["type"] == ("abort" if reason == "cancelled" else "error")


def test_an_abort_that_was_faster_than_its_resume_is_found_by_it(table: Table) -> None:
    assert readers().drop(FIRST) is None
    assert not readers().attach(FIRST, READS)
    assert readers().is_dropped(FIRST)
    table.change(f"user#{OWNER}", "reader#c-1#r-1", droppedAt=int(time.time()) - 60)
    assert readers().attach(FIRST, READS), "another request under the same id"
    assert not readers().is_dropped(FIRST)


def test_what_is_known_of_a_reader_goes(table: Table) -> None:
    readers().attach(FIRST, READS)
    [item] = table.items(f"user#{OWNER}", "reader#")
    assert 0 < float(item["expiresAt"]) - time.time() <= KEPT_SECONDS
    readers().forget(FIRST)
    assert table.items(f"user#{OWNER}", "reader#") == []
