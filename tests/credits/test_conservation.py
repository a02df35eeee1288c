"""Whatever a user, their workers, an operator and the clocks do, in whatever order and however they come between each
other's requests: the ledger comes to what the user has and what is held, and nobody spends more than they have."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from shared.contract.tiers import Tier
from shared.credits.purse import HOLD_MILLISECONDS
from shared.errors import StreamwaysError
from shared.models.events import Usage
from shared.streams.admission import Admission
from shared.streams.repository import StreamRepository
from shared.streams.start import StreamStart
from shared.streams.usage_record import UsageRecord
from shared.table.client import TableClient
from tests.support.aws import TABLE, Table
from tests.support.credits import MOST_HELD, PRICE, admitting, in_the_books, kept, ledger
from tests.support.interference import before_request
from tests.support.starts import OWNER, asked, used

A_MONTH = 600
"""Pays for two answers at once, and for the beginning of a third."""
CHATS = ("chat-1", "chat-2", "chat-3")
MONTH = 31 * 86_400.0


class Caller:
    """Admission and repository on one client."""

    def __init__(self) -> None:
        self.table = TableClient(TABLE)
        self.admission: Admission = admitting(self.table, a_month=A_MONTH, pro=2 * A_MONTH)
        self.repository = StreamRepository(self.table)


@dataclass
class World:
    """The time, in seconds; and what has become of each start."""

    now: float = 1_800_000_000.0
    streams: list[StreamStart] = field(default_factory=list[StreamStart])
    used: dict[str, int] = field(default_factory=dict[str, int])
    """What each stream that has ended cost at the model, by fencing token."""
    over: set[str] = field(default_factory=set[str])


Act = Callable[[Caller, World], None]


def starting(chat_id: str, tier: Tier, running: bool) -> Act:
    def act(by: Caller, world: World) -> None:
        start = by.admission.admit(
            OWNER, asked(chat_id=chat_id), tier=tier, stream_id=None, correlation_id="c", running=running
        )
        if isinstance(start, StreamStart):
            world.streams.append(start)

    return act


def finishing(number: int, tokens: int) -> Act:
    def act(by: Caller, world: World) -> None:
        if not world.streams:
            return
        stream = world.streams[number % len(world.streams)]
        output = min(tokens, stream.max_output_tokens)
        if by.repository.end(stream, booked(output), []):
            world.over.add(stream.fencing_token)
            world.used[stream.fencing_token] = PRICE.of(10, output)

    return act


def withdrawing(number: int) -> Act:
    def act(by: Caller, world: World) -> None:
        if world.streams:
            stream = world.streams[number % len(world.streams)]
            if by.repository.withdraw(stream):
                world.over.add(stream.fencing_token)

    return act


def passing(seconds: float) -> Act:
    def act(_: Caller, world: World) -> None:
        world.now += seconds

    return act


def skewed(seconds: float, act: Act) -> Act:
    """The same, of a function whose clock is wrong by so much."""

    def wrongly(by: Caller, world: World) -> None:
        world.now += seconds
        try:
            act(by, world)
        finally:
            world.now -= seconds

    return wrongly


def booked(output_tokens: int) -> UsageRecord:
    return used(tokens=Usage(10, output_tokens))


STARTS = st.builds(starting, st.sampled_from(CHATS), st.sampled_from([Tier.FREE, Tier.FREE, Tier.PRO]), st.booleans())
CALLS = st.one_of(
    STARTS,
    STARTS,
    st.builds(finishing, st.integers(0, 5), st.sampled_from([0, 100, 1_000])),
    st.builds(withdrawing, st.integers(0, 5)),
)
ACTS = st.one_of(
    CALLS,
    CALLS,
    st.builds(skewed, st.sampled_from([-4_000.0, -90.0, 90.0, 4_000.0, MONTH]), CALLS),
    st.builds(passing, st.sampled_from([0.001, 60.0, HOLD_MILLISECONDS / 1000, MONTH])),
)
INTERRUPTED = st.tuples(ACTS, st.tuples(st.sampled_from([0, 1, 2, 3]), ACTS) | st.none())


@pytest.fixture(scope="module")
def callers() -> tuple[Caller, Caller]:
    return Caller(), Caller()


@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(INTERRUPTED, min_size=2, max_size=12))
def test_credits_are_conserved(
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
    monkeypatch.setattr("shared.table.patience.RACE_SECONDS", 0.5)  # nobody else is there who would get ready
    for act, interruption in acts:
        at, interrupting = interruption or (0, passing(0))

        def interrupt(act: Act = interrupting) -> None:
            with suppress(StreamwaysError):
                act(other, world)

        with suppress(StreamwaysError), before_request(caller.table.client, at, interrupt):
            act(caller, world)
        check(table, world)
    world.now += 2 * MONTH  # beyond every expiry, whatever clock has written it
    by = callers[0]
    with suppress(StreamwaysError):
        starting("chat-9", Tier.PRO, True)(by, world)
    check(table, world)
    assert len(kept(table)["holds"]) == 1, "all that nobody has settled is given back"


def check(table: Table, world: World) -> None:
    if table.item(f"user#{OWNER}", "credits") is None:
        assert ledger(table) == []
        return
    item = kept(table)
    assert in_the_books(table), "the ledger comes to what is left and what is held"
    assert item["balance"] >= 0, "nobody spends more than they have"
    assert all(0 < hold["amount"] <= 2 * MOST_HELD for hold in item["holds"].values())
    assert world.over.isdisjoint(item["holds"]), "what has ended, or never ran, holds nothing"
    settled = {each["sk"].rpartition("#")[2]: each for each in ledger(table) if each["kind"] == "settlement"}
    assert settled.keys() == world.used.keys(), "each stream that has ended has one entry"
    for token, entry in settled.items():
        assert -int(entry["amount"]) + int(entry.get("uncovered", 0)) == world.used[token]
    refills = sum(int(each["amount"]) for each in ledger(table) if each["kind"] == "refill")
    charged = -sum(int(each["amount"]) for each in settled.values())
    assert refills <= 2 * A_MONTH * 1_000 + charged, "a refill brings no more than an allowance and what was spent"
