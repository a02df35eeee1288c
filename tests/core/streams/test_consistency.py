"""Whatever users and workers do, in whatever order and however they interrupt each other, the table holds together."""

from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from shared.chats.members import Members
from shared.chats.store import ChatStore
from shared.contract.tiers import Tier
from shared.errors import StreamwaysError
from shared.models.events import Usage
from shared.protocol.request import ChatRequest
from shared.streams.repository import StreamRepository
from shared.streams.start import StreamStart
from shared.table.client import ConditionFailed, TableClient
from shared.table.keys import chat_key
from shared.table.writes import delete, where
from tests.support.aws import TABLE, Table
from tests.support.interference import before_request
from tests.support.starts import CHAT, admission_to, said, used

USERS = ("ada", "bob")
Act = Callable[["Caller", "World"], None]


class Caller:
    """Admission, repository, chats and their members on one client."""

    def __init__(self) -> None:
        self.table = TableClient(TABLE)
        self.admission = admission_to(self.table)
        self.repository = StreamRepository(self.table)
        self.chats = ChatStore(self.table)
        self.members = Members(self.table)


@dataclass
class World:
    """The streams so far, and what was done to each."""

    streams: list[StreamStart] = field(default_factory=list[StreamStart])
    claimed: Counter[str] = field(default_factory=Counter[str])
    ended: Counter[str] = field(default_factory=Counter[str])
    withdrawn: Counter[str] = field(default_factory=Counter[str])

    def stream(self, number: int) -> StreamStart | None:
        return self.streams[number % len(self.streams)] if self.streams else None


def starting(user: str, stream_id: str | None, body: dict[str, Any], running: bool) -> Act:
    def act(by: Caller, world: World) -> None:
        request = ChatRequest.from_client({"id": CHAT, **body})
        outcome = by.admission.admit(
            user, request, tier=Tier.ENTERPRISE, stream_id=stream_id, correlation_id="c", running=running
        )
        if isinstance(outcome, StreamStart):
            world.streams.append(outcome)
            world.claimed[outcome.fencing_token] += running

    return act


def working(what: str, number: int) -> Act:
    def act(by: Caller, world: World) -> None:
        stream = world.stream(number)
        if stream is None:
            return
        match what:
            case "claim":
                world.claimed[stream.fencing_token] += by.repository.claim(stream) != "taken"
            case "heartbeat":
                if by.repository.leases.look(stream).renewal_due:
                    by.repository.leases.renew(stream, Usage(1, 1), "m")
            case "renew":
                by.repository.leases.renew(stream, Usage(1, 1), "m")
            case "probe":
                found = by.repository.open_stream(stream.owner, stream.stream_id, stream.fencing_token)
                if found is not None:
                    by.repository.leases.probe(found)
            case "end":
                world.ended[stream.fencing_token] += by.repository.end(
                    stream, used(), [{"type": "text", "text": "answer"}]
                )
            case "withdraw":
                gone = by.repository.record(stream.owner, stream.stream_id) is None
                world.withdrawn[stream.fencing_token] += by.repository.withdraw(stream) and not gone
            case _:
                by.repository.cancel(stream.owner, stream.stream_id)

    return act


def seating(what: str) -> Act:
    """Bob comes into ada's chat, or goes."""

    def act(by: Caller, _: World) -> None:
        if what in ("invite", "share"):
            by.members.invite("ada", CHAT, "bob")
        match what:
            case "accept" | "share":
                by.members.accept("bob", CHAT)
            case "decline":
                by.members.decline("bob", CHAT)
            case "leave":
                by.members.leave("bob", CHAT)
            case "remove":
                by.members.remove("ada", CHAT, "bob")
            case _:
                pass

    return act


def deleting(by: Caller, _: World) -> None:
    by.chats.delete("ada", CHAT)


def expiring(by: Caller, _: World) -> None:
    """DynamoDB forgets that there was a chat of this id, if it was deleted: a day has passed, for the chat alone."""
    with suppress(ConditionFailed):
        by.chats.table.write(delete(chat_key(CHAT), where("attribute_exists(#expiresAt)")))


IDS = st.sampled_from(["m-1", "m-2", "msg-s-1", None])
BODIES = st.builds(
    lambda id_, role, rest: {"messages": [said("text", id_, role)], **rest},
    IDS,
    st.sampled_from(["user", "user", "user", "assistant"]),
    st.sampled_from([{}, {}, {"messageId": "m-1"}, {"trigger": "regenerate-message"}]),
)
ACTS = st.one_of(
    st.builds(starting, st.sampled_from(USERS), st.sampled_from(["s-1", "s-2", None]), BODIES, st.booleans()),
    st.builds(starting, st.just("ada"), st.none(), BODIES, st.booleans()),
    st.builds(
        working,
        st.sampled_from(["claim", "probe", "heartbeat", "renew", "end", "end", "withdraw", "cancel"]),
        st.integers(0, 5),
    ),
    st.builds(seating, st.sampled_from(["share", "share", "invite", "accept", "decline", "leave", "remove"])),
    st.just(deleting),
    st.just(expiring),
)
AT_REQUEST = st.sampled_from([1, 1, 2, 2, 0, 3])
"""Most acts read with their first request, and write with the second; a start reads twice where there is a history."""
INTERRUPTED = st.tuples(ACTS, st.tuples(AT_REQUEST, ACTS) | st.tuples(AT_REQUEST, ACTS) | st.none())


@pytest.fixture(scope="module")
def callers() -> tuple[Caller, Caller]:
    return Caller(), Caller()


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(INTERRUPTED, min_size=1, max_size=8))
def test_the_table_holds_together(
    callers: tuple[Caller, Caller], table: Table, acts: list[tuple[Act, tuple[int, Act] | None]]
) -> None:
    table.delete()
    table.create()
    caller, other = callers
    world = World()
    for act, interruption in acts:
        at, interrupting = interruption or (0, lambda *_: None)

        def interrupt(acts: Act = interrupting) -> None:
            with suppress(StreamwaysError):
                acts(other, world)

        with suppress(StreamwaysError), before_request(caller.table.client, at, interrupt):
            act(caller, world)
        check(table, world)
    for stream in world.streams:
        found = caller.repository.open_stream(stream.owner, stream.stream_id, stream.fencing_token)
        if found is not None:
            world.ended[stream.fencing_token] += caller.repository.end(found, used(), [], holds_lease=found.holds_lease)
    check(table, world)
    assert [item for item in table.items() if item["sk"].startswith("lease#") or "open" in item] == []
    assert [message for message in live(table) if message.get("state") == "streaming"] == []


def live(table: Table) -> list[dict[str, Any]]:
    chat = table.chat(CHAT)
    return [] if chat is None or "deleted" in chat else table.messages(CHAT)[: int(chat["length"])]


def check(table: Table, world: World) -> None:
    items = table.items()
    records = {item["fencingToken"]: item for item in items if item["sk"] == "stream" and item["state"] != "cancelled"}
    leases = {item["fencingToken"]: item for item in items if item["sk"].startswith("lease#")}
    started = {fencing_token for fencing_token, record in records.items() if record["state"] == "started"}
    given_back = {fencing_token for fencing_token, record in records.items() if "open" in record}
    assert started == leases.keys() | given_back, "a stream that has not ended can be found by the sweep"
    assert leases.keys().isdisjoint(given_back), "and once"

    chat = table.chat(CHAT)
    lists = {item["pk"].removeprefix("user#") for item in items if item["sk"] == f"chat#{CHAT}" and item["listed"]}
    invited = {item["pk"].removeprefix("user#") for item in items if item["sk"] == f"invitation#{CHAT}"}
    if chat is None or "deleted" in chat:
        assert table.messages(CHAT) == []
        assert lists == invited == set()
    else:
        assert lists == {chat["owner"], *chat["members"]}
        assert invited == chat.get("invitations", {}).keys()
        assert invited.isdisjoint(lists)
        messages = live(table)
        assert len(messages) == chat["length"]
        assert messages[-1]["fencingToken"] == chat["latestToken"]
        ids = [message["id"] for message in messages if message["parts"]]
        assert len(set(ids)) == len(ids)
        written = {message["fencingToken"] for message in messages if message.get("state") == "streaming"}
        assert written <= started, "an answer is being written only while its stream runs"

    for fencing_tokens in (world.claimed, world.ended, world.withdrawn):
        assert all(count <= 1 for count in fencing_tokens.values())
    withdrawn = {fencing_token for fencing_token, count in world.withdrawn.items() if count}
    assert withdrawn.isdisjoint(
        fencing_token for fencing_token, count in (world.claimed + world.ended).items() if count
    )
