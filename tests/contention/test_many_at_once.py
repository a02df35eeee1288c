"""Many who ask in one chat at once: each is told what happened to the request, and the history says the same."""

import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache
from itertools import count
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from shared.chats.members import Members
from shared.contract.tiers import Tier
from shared.errors import AlreadyStarted, Busy
from shared.protocol.request import ChatRequest
from shared.streams.admission import Joined
from shared.streams.repository import StreamRepository
from shared.streams.start import StreamStart
from shared.table.client import TableClient
from tests.support.aws import TABLE, Table
from tests.support.conflicting import Conflicting
from tests.support.server import WAIT_SECONDS
from tests.support.starts import admission_to, said, used

USUAL_SECONDS = 0.004
MEMBERS = 16
NUMBERS = count()

Outcome = StreamStart | Joined | Busy | AlreadyStarted


@dataclass(frozen=True)
class Request:
    """One of those that come at once."""

    user: str
    stream_id: str | None
    text: str

    def body(self, chat_id: str) -> ChatRequest:
        return ChatRequest.from_client(
            {"id": chat_id, "messages": [said(self.text, f"m-{self.user}-{self.stream_id}-{self.text}")]}
        )


@cache
def environment(number: int) -> TableClient:  # noqa: ARG001 - told apart by the cache
    """The table as one of the functions has it that run side by side."""
    return TableClient(TABLE)


def shared_chat(users: Sequence[str]) -> str:
    """A new chat of all of them."""
    chat_id = f"chat-{next(NUMBERS)}"
    owner, *members = users
    first = start(0, Request(owner, None, "first"), chat_id)
    assert isinstance(first, StreamStart)
    assert StreamRepository(environment(0)).end(first, used(), [{"type": "text", "text": "to first"}])
    for member in members:
        Members(environment(0)).invite(owner, chat_id, member)
        Members(environment(0)).accept(member, chat_id)
    return chat_id


def start(number: int, request: Request, chat_id: str) -> Outcome:
    by = admission_to(environment(number))
    try:
        return by.admit(
            request.user,
            request.body(chat_id),
            tier=Tier.ENTERPRISE,
            stream_id=request.stream_id,
            correlation_id="c",
            running=True,
        )
    except (Busy, AlreadyStarted) as refusal:
        return refusal


def at_once(requests: Sequence[Request], chat_id: str) -> list[Outcome]:
    together = threading.Barrier(len(requests))

    def run(number: int) -> Outcome:
        environment(number)
        together.wait(WAIT_SECONDS)
        return start(number, requests[number], chat_id)

    with ThreadPoolExecutor(len(requests)) as threads:
        return list(threads.map(run, range(len(requests))))


def check(table: Table, chat_id: str, requests: Sequence[Request], outcomes: Sequence[Outcome]) -> None:
    """What each was told is what stands in the table, and nothing else stands there."""
    chat, messages = table.chat(chat_id), table.messages(chat_id)
    assert chat is not None
    started = [outcome for outcome in outcomes if isinstance(outcome, StreamStart)]
    asked = {id(outcome): request for request, outcome in zip(requests, outcomes, strict=True)}
    assert [message["role"] for message in messages] == ["user", "assistant"] * (1 + len(started))
    assert int(chat["length"]) == len(messages)
    assert sorted(outcome.answer_index for outcome in started) == list(range(3, len(messages), 2))
    for outcome in started:
        question, answer = messages[outcome.answer_index - 1 : outcome.answer_index + 1]
        assert text_of(question) == asked[id(outcome)].text
        assert (answer["fencingToken"], answer["id"]) == (outcome.fencing_token, outcome.message_id)
        assert outcome.messages[-1].text.endswith(text_of(question)), "the prompt ends with the question"
        record = table.stream(outcome.owner, outcome.stream_id)
        assert record is not None
        assert record["fencingToken"] == outcome.fencing_token
    ids = {(outcome.owner, outcome.stream_id): asked[id(outcome)].text for outcome in started}
    records = [item for item in table.items("stream#", "stream") if item["chatId"] == chat_id]
    assert len(records) == 1 + len(ids) == 1 + len(started), "nothing is registered of which nobody was told"
    for request, outcome in zip(requests, outcomes, strict=True):
        if isinstance(outcome, Joined):
            assert ids[request.user, outcome.stream_id] == request.text
        elif isinstance(outcome, AlreadyStarted):
            assert ids[request.user, str(request.stream_id)] != request.text
    leases = {item["fencingToken"] for item in table.items("user#", f"lease#{chat_id}")}
    last = {outcome.owner: outcome.fencing_token for outcome in sorted(started, key=lambda each: each.answer_index)}
    assert leases == set(last.values()), "of each user the last stream is the one that runs"


def text_of(message: dict[str, Any]) -> str:
    return "".join(part["text"] for part in message["parts"])


def members(number: int) -> list[str]:
    return [f"member-{each}" for each in range(number)]


def test_all_members_of_a_chat_who_ask_at_once_are_answered(
    dynamodb: Conflicting, table: Table, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("shared.table.patience.RACE_SECONDS", 60.0)  # this machine may be slow
    chat_id = shared_chat(members(MEMBERS))
    requests = [Request(user, f"s-{user}", f"from-{user}") for user in members(MEMBERS)]
    dynamodb.rule(seconds=USUAL_SECONDS)
    outcomes = at_once(requests, chat_id)
    assert dynamodb.counted()["TransactionCanceledException"] > 0
    assert [type(outcome) for outcome in outcomes] == [StreamStart] * MEMBERS
    check(table, chat_id, requests, outcomes)


def test_who_is_told_that_too_much_is_going_on_has_started_nothing(
    dynamodb: Conflicting, table: Table, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("shared.table.patience.RACE_SECONDS", 0.0)
    chat_id = shared_chat(members(MEMBERS))
    requests = [Request(user, f"s-{user}", f"from-{user}") for user in members(MEMBERS)]
    dynamodb.rule(seconds=0.1)
    outcomes = at_once(requests, chat_id)
    refused = [outcome for outcome in outcomes if isinstance(outcome, Busy)]
    assert refused
    assert {(refusal.code, refusal.status, refusal.retry_after) for refusal in refused} == {("internal", 503, 1)}
    check(table, chat_id, requests, outcomes)
    for number, request in enumerate(requests):
        if isinstance(outcomes[number], Busy):
            outcomes[number] = start(number, request, chat_id)
    assert [type(outcome) for outcome in outcomes] == [StreamStart] * MEMBERS, "the same request is good soon"
    check(table, chat_id, requests, outcomes)


REQUESTS = st.builds(
    Request,
    st.sampled_from(members(4)),
    st.sampled_from(["s-1", "s-2", None, None]),
    st.sampled_from(["why", "how", "when"]),
)
WRITING = {"operation": "TransactWriteItems", "times": 1}
FAULTS = st.lists(
    st.sampled_from(
        [
            {**WRITING},
            {**WRITING, "late": 0.05},
            {**WRITING, "code": "ThrottlingException"},
            {**WRITING, "code": "InternalServerError", "status": 500},
            {"operation": "BatchGetItem", "times": 2, "code": "ProvisionedThroughputExceededException"},
            {"operation": "Query", "times": 2, "code": "RequestLimitExceeded"},
        ]
    ),
    max_size=4,
)


@settings(max_examples=10, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(REQUESTS, min_size=2, max_size=8), st.sampled_from([0.0, USUAL_SECONDS, 0.05]), FAULTS)
def test_each_is_told_what_happened(
    dynamodb: Conflicting, table: Table, requests: list[Request], seconds: float, faults: list[dict[str, Any]]
) -> None:
    table.delete()
    table.create()
    chat_id = shared_chat(members(4))
    dynamodb.rule(seconds=seconds, faults=faults)
    outcomes = at_once(requests, chat_id)
    dynamodb.rule()
    check(table, chat_id, requests, outcomes)
