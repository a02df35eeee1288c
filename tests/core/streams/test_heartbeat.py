"""The heartbeat: a look each second and a renewal every few, on a thread of its own, until the stream shall end."""

import threading
import time
from typing import Any

import pytest

from shared.errors import Busy
from shared.generation.usage_meter import UsageMeter
from shared.models.events import Usage
from shared.streams import heartbeat as heartbeats
from shared.streams.heartbeat import Heartbeat
from shared.streams.leases import LeaseNews
from shared.streams.readers import RESUMED_AGAIN_SECONDS
from shared.streams.records import LEASE_SECONDS
from shared.streams.repository import StreamRepository
from shared.streams.start import StreamStart
from tests.support.aws import Table
from tests.support.interference import refused
from tests.support.logs import Logs
from tests.support.server import WAIT_SECONDS
from tests.support.starts import CHAT, OWNER, STREAM, repository, running, start, table_client
from tests.support.tables import WatchedTable

BRIEFLY = 0.1
"""How long something is watched that must not happen."""


class Beats:
    """Counts the requests of a table."""

    def __init__(self, table: WatchedTable, kind: str) -> None:
        self._beaten = threading.Semaphore(0)
        table.client.meta.events.register(f"after-call.dynamodb.{kind}", self._count)

    def _count(self, **_: Any) -> None:
        self._beaten.release()

    def wait_for(self, count: int) -> None:
        for _ in range(count):
            assert self._beaten.acquire(timeout=WAIT_SECONDS)


class Beating:
    """A heartbeat of a stream, with what it heard."""

    def __init__(self, table: WatchedTable, start: StreamStart) -> None:
        self.heard: list[str] = []
        self.over = threading.Event()
        self.tokens = 0
        self.model = "m"
        self._renewals = Beats(table, "UpdateItem")
        self.heartbeat = Heartbeat(StreamRepository(table).leases, start, self, on_end=self._end)
        self.heartbeat.begin()

    def renewed(self) -> None:
        """Waits for the next renewal. The first beat is one."""
        self._renewals.wait_for(1)

    def usage(self) -> Usage:
        """Of the stream, which grows each time."""
        self.tokens += 1
        return Usage(5, self.tokens, estimated=True)

    def _end(self, state: str) -> None:
        self.heard.append(state)
        self.over.set()


@pytest.fixture
def fast(monkeypatch: pytest.MonkeyPatch) -> None:
    """A second takes a moment; the next renewal is far away."""
    monkeypatch.setattr(heartbeats, "INTERVAL_SECONDS", 0.01)
    monkeypatch.setattr(heartbeats, "RENEW_SECONDS", 3600.0)


@pytest.fixture
def renewing(fast: None, monkeypatch: pytest.MonkeyPatch) -> None:  # noqa: ARG001
    """Each look is due to renew."""
    monkeypatch.setattr(heartbeats, "RENEW_SECONDS", 0.0)


def test_a_heartbeat_beats_once_a_second() -> None:
    assert heartbeats.INTERVAL_SECONDS == 1.0


def test_two_renewals_may_fail_before_the_lease_expires() -> None:
    assert 3 * heartbeats.RENEW_SECONDS <= LEASE_SECONDS


@pytest.mark.usefixtures("table")
def test_the_first_beat_is_an_interval_away() -> None:
    watched = WatchedTable()
    beating = Beating(watched, running())
    assert not beating.over.wait(BRIEFLY)
    beating.heartbeat.stop()
    assert watched.requests == []


@pytest.mark.usefixtures("fast")
def test_the_first_beat_tells_the_model_and_the_input_tokens(table: Table) -> None:
    """Else a worker that dies within seconds would be booked without them."""
    watched = WatchedTable()
    beating = Beating(watched, running())
    beating.renewed()
    beating.heartbeat.stop()
    lease = table.lease(OWNER, CHAT)
    assert lease is not None
    assert watched.requests[0] == "UpdateItem"
    assert (lease["model"], int(lease["usage"]["inputTokens"])) == ("m", 5)


@pytest.mark.usefixtures("fast")
def test_each_beat_between_two_renewals_is_one_read_that_changes_nothing(table: Table) -> None:
    watched = WatchedTable()
    beats = Beats(watched, "GetItem")
    beating = Beating(watched, running())
    beating.renewed()
    renewed = table.lease(OWNER, CHAT)
    beats.wait_for(3)
    beating.heartbeat.stop()
    assert watched.requests[0] == "UpdateItem"
    assert set(watched.requests[1:]) == {"GetItem"}
    assert table.lease(OWNER, CHAT) == renewed


@pytest.mark.usefixtures("fast")
def test_a_beat_that_finds_a_probe_renews_at_once(table: Table) -> None:
    start = running()
    dead = repository().open_stream(OWNER, STREAM, start.fencing_token)
    assert dead is not None
    watched = WatchedTable()
    beating = Beating(watched, start)
    beating.renewed()
    repository().leases.probe(dead)
    beating.renewed()
    Beats(watched, "GetItem").wait_for(3)
    beating.heartbeat.stop()
    lease = table.lease(OWNER, CHAT)
    assert lease is not None
    assert "probedAt" not in lease
    assert watched.requests.count("UpdateItem") == 2


@pytest.mark.usefixtures("renewing")
def test_each_beat_is_one_request_that_renews_the_lease_and_tells_the_totals(table: Table) -> None:
    start = running()
    table.change(f"user#{OWNER}", f"lease#{CHAT}", leaseExpiresAt=0)
    watched = WatchedTable()
    beats = Beats(watched, "UpdateItem")
    beating = Beating(watched, start)
    beats.wait_for(3)
    beating.heartbeat.stop()
    lease = table.lease(OWNER, CHAT)
    assert lease is not None
    assert lease["leaseExpiresAt"] > LEASE_SECONDS
    assert int(lease["usage"]["outputTokens"]) >= 3
    assert lease["usage"]["estimated"] is True
    assert lease["model"] == "m"
    assert set(watched.requests) == {"UpdateItem"}


@pytest.mark.usefixtures("fast")
@pytest.mark.parametrize("renew_seconds", [0.0, 3600.0])
@pytest.mark.parametrize("state", ["cancelled", "superseded"])
def test_a_heartbeat_hears_that_its_stream_is(
    state: str,
    renew_seconds: float,
    table: Table,  # noqa: ARG001
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(heartbeats, "RENEW_SECONDS", renew_seconds)
    beating = Beating(WatchedTable(), running())
    beating.renewed()
    if state == "cancelled":
        repository().cancel(OWNER, STREAM)
    else:
        running("stream-2", "No: why is it dark?")
    assert beating.over.wait(WAIT_SECONDS)
    beating.heartbeat.stop()
    beating.heartbeat._thread.join(WAIT_SECONDS)
    assert beating.heard == [state]


@pytest.mark.usefixtures("fast", "table")
def test_a_stream_that_is_cancelled_has_a_heartbeat_until_it_is_settled_and_is_told_once() -> None:
    watched = WatchedTable()
    beating = Beating(watched, running())
    repository().cancel(OWNER, STREAM)
    assert beating.over.wait(WAIT_SECONDS)
    Beats(watched, "GetItem").wait_for(3)
    beating.heartbeat.stop()
    beating.heartbeat._thread.join(WAIT_SECONDS)
    assert not beating.heartbeat._thread.is_alive()
    assert beating.heard == ["cancelled"]


@pytest.mark.usefixtures("table")
def test_a_beat_is_given_up_soon_because_the_next_one_comes(monkeypatch: pytest.MonkeyPatch) -> None:
    stream = running()
    monkeypatch.setattr("shared.table.patience.PATIENCE_SECONDS", 3600.0)
    with refused(table_client().client, "UpdateItem", "ThrottlingException"), pytest.raises(Busy):
        repository().leases.renew(stream, Usage(1, 1), "m")


def test_asking_who_reads_is_given_up_as_soon(table: Table, monkeypatch: pytest.MonkeyPatch) -> None:
    stream = running()
    table.change(f"user#{OWNER}", f"lease#{CHAT}", readerDroppedAt=int(time.time() - RESUMED_AGAIN_SECONDS))
    monkeypatch.setattr("shared.table.patience.PATIENCE_SECONDS", WAIT_SECONDS)
    asked_at = time.monotonic()
    with refused(table_client().client, "Query", "ThrottlingException"), pytest.raises(Busy):
        repository().leases.look(stream)
    assert time.monotonic() - asked_at < WAIT_SECONDS / 2


def test_a_beat_that_is_to_ask_again_at_a_moment_asks_right_then(monkeypatch: pytest.MonkeyPatch) -> None:
    moment = 0.0
    asked: list[float] = []

    class Dropped:
        """A stream, a reader of which was dropped."""

        def look(self, *_: object) -> LeaseNews:
            nonlocal moment
            asked.append(time.time())
            monkeypatch.setattr(heartbeats, "INTERVAL_SECONDS", 3600.0)  # from the next beat but one
            moment = moment or time.time() + 0.2
            return LeaseNews("running", look_again_at=moment) if len(asked) < 3 else LeaseNews("cancelled")

        renew = look

    monkeypatch.setattr(heartbeats, "INTERVAL_SECONDS", 0.01)
    over = threading.Event()
    Heartbeat(Dropped(), start(), UsageMeter("m"), on_end=lambda _: over.set()).begin()  # pyright: ignore
    assert over.wait(WAIT_SECONDS)
    assert asked[1] < moment <= asked[2]


@pytest.mark.usefixtures("renewing", "table")
def test_a_beat_that_fails_is_logged_and_the_next_one_comes(logs: Logs, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shared.streams.leases.HEARTBEAT_PATIENCE_SECONDS", 0.0)
    watched = WatchedTable()
    watched.fail("UpdateItem", times=8)
    beating = Beating(watched, running())
    repository().cancel(OWNER, STREAM)
    assert beating.over.wait(WAIT_SECONDS)
    assert beating.heard == ["cancelled"]
    assert logs.lines("a heartbeat failed")


@pytest.mark.usefixtures("renewing", "table")
def test_stopping_does_not_wait_for_a_beat_that_hangs() -> None:
    watched = WatchedTable()
    held, free = watched.hold("UpdateItem")
    beating = Beating(watched, running())
    assert held.wait(WAIT_SECONDS)
    beating.heartbeat.stop()
    free.set()
    beating.heartbeat._thread.join(WAIT_SECONDS)
    assert watched.requests.count("UpdateItem") == 1


@pytest.mark.usefixtures("fast")
def test_a_beat_answers_a_probe_before_it_asks_who_reads(table: Table) -> None:
    """Asking may take seconds, and a stream whose reaper waits no longer would be taken for dead."""
    start = running()
    watched = WatchedTable()
    held, free = watched.hold("Query")
    beating = Beating(watched, start)
    beating.renewed()
    dropped_at = int(time.time() - RESUMED_AGAIN_SECONDS)
    probed = {"leaseExpiresAt": 0, "probedAt": int(time.time())}
    table.change(f"user#{OWNER}", f"lease#{CHAT}", readerDroppedAt=dropped_at, **probed)
    assert held.wait(WAIT_SECONDS)
    lease = table.lease(OWNER, CHAT)
    beating.heartbeat.stop()
    free.set()
    beating.heartbeat._thread.join(WAIT_SECONDS)
    assert lease is not None
    assert lease["leaseExpiresAt"] > LEASE_SECONDS


@pytest.mark.usefixtures("fast")
def test_a_beat_that_finds_a_lease_about_to_expire_renews_at_once(table: Table) -> None:
    """Its writer may have waited long for the table."""
    watched = WatchedTable()
    beating = Beating(watched, running())
    beating.renewed()
    table.change(f"user#{OWNER}", f"lease#{CHAT}", leaseExpiresAt=int(time.time()) + 3)
    beating.renewed()
    Beats(watched, "GetItem").wait_for(3)
    beating.heartbeat.stop()
    lease = table.lease(OWNER, CHAT)
    assert lease is not None
    assert lease["leaseExpiresAt"] > time.time() + LEASE_SECONDS - 5
    assert watched.requests.count("UpdateItem") == 2
