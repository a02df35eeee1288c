"""Whatever a user and their workers do, in whatever order and however they come between each other's requests: no more
runs and no more is asked than is allowed, and nothing is held that nobody uses."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from shared.contract.policy import policy_with
from shared.contract.tiers import Tier
from shared.errors import StreamwaysError
from shared.limits.account import LEASE_MILLISECONDS
from shared.limits.rate import HOUR_MILLISECONDS, Rate
from shared.models.events import Usage
from shared.streams.admission import Admission
from shared.streams.repository import StreamRepository
from shared.streams.start import StreamStart
from shared.streams.usage_record import UsageRecord
from shared.table.client import TableClient
from tests.support.aws import TABLE, Table
from tests.support.interference import before_request
from tests.support.starts import OWNER, admission_to, asked

REQUESTS, PLACES = 4, 2
POLICY = policy_with({"free": {"requestsPerHour": REQUESTS, "concurrentStreams": PLACES}})
RATE = Rate(REQUESTS)
CHATS = ("chat-1", "chat-2", "chat-3")


class Caller:
    """Admission and repository on one client."""

    def __init__(self) -> None:
        self.table = TableClient(TABLE)
        self.admission: Admission = admission_to(self.table, policy=POLICY)
        self.repository = StreamRepository(self.table)


@dataclass
class World:
    """The time, in seconds; and what has become of each start."""

    now: float = 1_800_000_000.0
    streams: list[StreamStart] = field(default_factory=list[StreamStart])
    requests: dict[str, float] = field(default_factory=dict[str, float])
    """When each start that was a request, and was not withdrawn, was admitted: by fencing token, in milliseconds."""
    over: set[str] = field(default_factory=set[str])
    """Fencing tokens of streams that have ended, or were withdrawn."""


Act = Callable[[Caller, World], None]


def starting(chat_id: str, running: bool) -> Act:
    def act(by: Caller, world: World) -> None:
        start = by.admission.admit(
            OWNER,
            asked(chat_id=chat_id),
            tier=Tier.FREE,
            stream_id=None,
            correlation_id="c",
            running=running,
        )
        if isinstance(start, StreamStart):
            world.streams.append(start)
            world.requests[start.fencing_token] = int(world.now * 1000)

    return act


def finishing(number: int, how: str) -> Act:
    def act(by: Caller, world: World) -> None:
        if not world.streams:
            return
        stream = world.streams[number % len(world.streams)]
        if how == "withdraw":
            known = by.repository.record(OWNER, stream.stream_id) is not None
            if by.repository.withdraw(stream) and known:
                world.over.add(stream.fencing_token)
                del world.requests[stream.fencing_token]
        elif by.repository.end(stream, booked(), []):
            world.over.add(stream.fencing_token)

    return act


def passing(seconds: float) -> Act:
    def act(_: Caller, world: World) -> None:
        world.now += seconds

    return act


def booked() -> UsageRecord:
    return UsageRecord("m", "end_turn", Usage(1, 1), None, 1.0, None)


ACTS = st.one_of(
    st.builds(starting, st.sampled_from(CHATS), st.booleans()),
    st.builds(starting, st.sampled_from(CHATS), st.just(True)),
    st.builds(finishing, st.integers(0, 5), st.sampled_from(["end", "end", "withdraw"])),
    st.builds(passing, st.sampled_from([0.001, 10.0, 60.0, 900.0, 1000.0, 3600.0])),
)
INTERRUPTED = st.tuples(ACTS, st.tuples(st.sampled_from([0, 1, 2, 3]), ACTS) | st.none())


@pytest.fixture(scope="module")
def callers() -> tuple[Caller, Caller]:
    return Caller(), Caller()


@settings(max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(INTERRUPTED, min_size=2, max_size=12))
def test_limits_hold(
    callers: tuple[Caller, Caller],
    table: Table,
    monkeypatch: pytest.MonkeyPatch,
    acts: list[tuple[Act, tuple[int, Act] | None]],
) -> None:
    table.delete()
    table.create()
    caller, other = callers
    world = World()
    monkeypatch.setattr("time.time", lambda: world.now)
    for act, interruption in acts:
        at, interrupting = interruption or (0, passing(0))

        def interrupt(acts: Act = interrupting) -> None:
            with suppress(StreamwaysError):
                acts(other, world)

        with suppress(StreamwaysError), before_request(caller.table.client, at, interrupt):
            act(caller, world)
        check(table, world)
    for stream in world.streams:
        found = caller.repository.open_stream(OWNER, stream.stream_id, stream.fencing_token)
        if found is not None:
            caller.repository.end(found, booked(), [], holds_lease=found.holds_lease)
    assert leases(table) == {}, "what has ended holds nothing"
    world.now += HOUR_MILLISECONDS / 1000
    standing = caller.admission.limits.standing(OWNER, Tier.FREE)
    assert [quota.remaining for quota in standing.quotas] == [REQUESTS, PLACES]


def leases(table: Table) -> dict[str, dict[str, object]]:
    item = table.item(f"user#{OWNER}", "limits")
    return {} if item is None else dict(item["leases"])


def check(table: Table, world: World) -> None:
    held, now = leases(table), int(world.now * 1000)
    tokens = {str(lease["token"]) for lease in held.values()}
    assert len(held) <= PLACES
    assert tokens.isdisjoint(world.over), "what has ended, or never ran, holds no place"
    assert all(int(str(lease["until"])) <= now + LEASE_MILLISECONDS for lease in held.values())
    latest = {stream.chat_id: stream.fencing_token for stream in world.streams}
    assert all(latest[chat_id] == lease["token"] for chat_id, lease in held.items()), "the last of a chat has its place"
    moments = sorted(world.requests.values())
    for first, begin in enumerate(moments):
        for last, end in enumerate(moments[first:], first):
            assert last - first + 1 <= REQUESTS + (end - begin) // RATE.interval
    item = table.item(f"user#{OWNER}", "limits")
    assert item is None or item["fullAt"] <= now + REQUESTS * RATE.interval
