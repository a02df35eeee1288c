"""A failed event: its stream is ended unless a worker runs it, and a claimed one is probed and watched first."""

from collections.abc import Callable
from typing import Any

import pytest

from shared.models.events import Usage
from shared.streams import heartbeat as heartbeats
from shared.streams.journal import JournalReader
from shared.streams.reaper import Reaper
from shared.streams.records import LEASE_SECONDS
from shared.streams.repository import StreamRepository
from shared.streams.start import StreamStart
from shared.table.client import Item
from shared.table.keys import Key
from tests.support.aws import Table
from tests.support.dead_streams import SAID, journal, reaper
from tests.support.runs import booked, journaled, types
from tests.support.starts import OWNER, STREAM, admitted, repository, table_client, used
from tests.support.tables import WatchedTable


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
        repository().end(start, used("end_turn"), [])

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


@pytest.mark.usefixtures("table")
def test_a_look_that_takes_long_does_not_stand_for_those_that_were_not_made() -> None:
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
        repository().end(start, used("superseded"), [], holds_lease=False)

    assert impatient(end).of_event(event(start)) is None
    assert booked(table)["stopReason"] == "superseded"


@pytest.mark.parametrize("what", ["ended", "withdrawn", "of an earlier start"])
def test_a_failed_invocation_of_a_stream_that_is_not_open_ends_nothing(what: str, table: Table) -> None:
    start = admitted()
    if what == "ended":
        repository().end(start, used(), [])
    else:
        repository().withdraw(start)
        if what == "of an earlier start":
            admitted(prompt="Once more?")
    before = table.items()
    assert reaper().of_event(event(start)) is None
    assert table.items() == before


@pytest.mark.usefixtures("table")
def test_a_failed_invocation_of_a_reader_ends_nothing() -> None:
    tail = {"owner": OWNER, "streamId": STREAM, "resumed": True, "cursor": None}
    assert reaper().of_event({"connectionId": "c", "requestId": "r", "tail": tail}) is None
