"""Whoever loses a race reads again and decides anew: every interleaving of a start with what changes under it."""

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from shared.chats.store import ChatStore
from shared.contract.tiers import Tier
from shared.errors import AlreadyStarted, Busy, NotFound, StreamCancelled
from shared.models.events import Usage
from shared.protocol.request import ChatRequest
from shared.streams.admission import Admission, Joined
from shared.streams.start import StreamStart
from shared.table.client import TableClient
from tests.support.aws import TABLE, Table
from tests.support.interference import first_answers_lost, just_before, noted, refused, sent
from tests.support.server import WAIT_SECONDS
from tests.support.starts import (
    CHAT,
    OWNER,
    PROMPT,
    STREAM,
    admission,
    admission_to,
    admitted,
    asked,
    chats,
    members,
    repository,
    running,
    said,
    shared_with,
    table_client,
    used,
)

WRITE = "TransactWriteItems"
HISTORY_READ = "Query"
STATE_READ = "BatchGetItem"
ANSWER = [{"type": "text", "text": "Because."}]


@pytest.fixture(scope="module")
def disturbed() -> Iterator[Admission]:
    """An admission of its own client, for what is done to it."""
    return admission_to(TableClient(TABLE))


def admit(
    by: Admission, request: ChatRequest | None = None, stream_id: str | None = None, owner: str = OWNER
) -> StreamStart | Joined:
    chosen = request or asked(message_id="m-1")
    return by.admit(owner, chosen, tier=Tier.ENTERPRISE, stream_id=stream_id, correlation_id="c", running=True)


def texts() -> list[str]:
    messages: list[dict[str, Any]] = chats().read(OWNER, CHAT)["messages"]
    return [part["text"] for message in messages for part in message["parts"]]


MOMENTS = pytest.mark.parametrize(
    ("existing", "moment"),
    [(False, WRITE), (False, STATE_READ), (True, WRITE), (True, HISTORY_READ), (True, STATE_READ)],
    ids=lambda value: value if isinstance(value, str) else "old chat" if value else "new chat",
)


def talk_before() -> None:
    repository().end(running("stream-0", "Before"), used(), ANSWER)


@pytest.mark.usefixtures("table")
@MOMENTS
def test_of_two_equal_requests_without_an_id_one_starts_and_the_other_joins(
    existing: bool, moment: str, disturbed: Admission
) -> None:
    if existing:
        talk_before()
    first: list[StreamStart | Joined] = []
    with just_before(disturbed.table.client, moment, lambda: first.append(admit(admission()))):
        second = admit(disturbed)
    assert isinstance(first[0], StreamStart)
    assert second == Joined(first[0].stream_id)
    assert texts().count(PROMPT) == 1


@pytest.mark.usefixtures("table")
@pytest.mark.parametrize("moment", [WRITE, STATE_READ])
def test_of_two_equal_requests_under_one_id_one_starts_and_the_other_joins(moment: str, disturbed: Admission) -> None:
    with just_before(disturbed.table.client, moment, lambda: admitted(request=asked(message_id="m-1"))):
        assert admit(disturbed, stream_id=STREAM) == Joined(STREAM)


@pytest.mark.usefixtures("table")
def test_of_two_requests_under_one_id_one_starts_and_the_other_is_refused(disturbed: Admission) -> None:
    with just_before(disturbed.table.client, WRITE, lambda: admitted()), pytest.raises(AlreadyStarted):
        admit(disturbed, asked("Another"), STREAM)
    assert texts() == [PROMPT]


@pytest.mark.usefixtures("table")
@MOMENTS
def test_of_two_different_requests_the_later_supersedes_and_both_questions_are_kept(
    existing: bool, moment: str, disturbed: Admission
) -> None:
    if existing:
        talk_before()
    first: list[StreamStart] = []
    with just_before(disturbed.table.client, moment, lambda: first.append(running("stream-1", "First"))):
        second = admit(disturbed, asked("Second"))
    assert isinstance(second, StreamStart)
    assert texts()[-2:] == ["First", "Second"]
    assert second.messages[-1].text == "First\n\nSecond"
    assert repository().leases.renew(first[0], Usage(1, 1), "m").state == "superseded"
    assert repository().leases.renew(second, Usage(1, 1), "m").state == "running"


@pytest.mark.usefixtures("table")
@pytest.mark.parametrize("moment", [HISTORY_READ, WRITE])
def test_the_prompt_is_as_old_as_the_chat_that_the_start_is_written_on(moment: str, disturbed: Admission) -> None:
    """The history is read after the chat: an edit between the two leaves the length as it was."""
    repository().end(running("stream-0", "Old", chat_id=CHAT), used(), ANSWER)
    old_id = chats().read(OWNER, CHAT)["messages"][0]["id"]
    edit = ChatRequest.from_client({"id": CHAT, "messages": [said("Edited", old_id)], "messageId": old_id})

    def edit_it() -> None:
        repository().end(admitted("stream-1", request=edit), used(), ANSWER)

    with just_before(disturbed.table.client, moment, edit_it):
        stream = admit(disturbed, asked("Next"))
    assert isinstance(stream, StreamStart)
    assert [message.text for message in stream.messages] == ["Edited", "Because.", "Next"]


@pytest.mark.usefixtures("table")
def test_a_stream_that_is_claimed_while_it_is_superseded_is_not_claimed_twice(disturbed: Admission) -> None:
    older = admitted()
    with just_before(disturbed.table.client, WRITE, lambda: repository().claim(older)):
        assert isinstance(admit(disturbed, asked("Another")), StreamStart)
    assert repository().claim(older) == "taken"


@pytest.mark.usefixtures("table")
def test_a_stream_that_ends_while_it_is_superseded_keeps_its_answer(disturbed: Admission) -> None:
    older = running(prompt="First")
    with just_before(disturbed.table.client, WRITE, lambda: repository().end(older, used(), ANSWER)):
        assert isinstance(admit(disturbed, asked("Second")), StreamStart)
    assert texts() == ["First", "Because.", "Second"]
    assert repository().open_stream(OWNER, STREAM, older.fencing_token) is None


@pytest.mark.usefixtures("table")
def test_a_cancel_that_comes_while_a_stream_is_started_refuses_it_or_stops_it(disturbed: Admission) -> None:
    with (
        just_before(disturbed.table.client, WRITE, lambda: repository().cancel(OWNER, STREAM)),
        pytest.raises(StreamCancelled),
    ):
        admit(disturbed, stream_id=STREAM)


def test_a_member_who_is_removed_while_starting_is_refused(table: Table, disturbed: Admission) -> None:
    running()
    shared_with("a-friend")
    with (
        just_before(disturbed.table.client, WRITE, lambda: members().remove(OWNER, CHAT, "a-friend")),
        pytest.raises(NotFound),
    ):
        admit(disturbed, owner="a-friend")
    assert table.lease("a-friend", CHAT) is None
    assert table.membership("a-friend", CHAT) is None


def test_a_member_who_leaves_while_starting_is_refused(table: Table, disturbed: Admission) -> None:
    running()
    shared_with("a-friend")
    with just_before(disturbed.table.client, WRITE, lambda: members().leave("a-friend", CHAT)), pytest.raises(NotFound):
        admit(disturbed, owner="a-friend")
    assert table.lease("a-friend", CHAT) is None
    assert table.membership("a-friend", CHAT) is None


def test_a_chat_that_is_deleted_while_a_stream_starts_is_not_found(table: Table, disturbed: Admission) -> None:
    repository().end(running(), used(), ANSWER)
    with just_before(disturbed.table.client, WRITE, lambda: chats().delete(OWNER, CHAT)), pytest.raises(NotFound):
        admit(disturbed, asked("Second"))
    assert table.messages(CHAT) == []


@pytest.mark.usefixtures("table")
def test_a_chat_whose_deletion_has_begun_while_a_stream_starts_is_not_found(disturbed: Admission) -> None:
    repository().end(running(), used(), ANSWER)
    deleting = ChatStore(TableClient(TABLE))

    def begin_to_delete() -> None:
        with just_before(deleting.table.client, "BatchWriteItem", cut), pytest.raises(ConnectionError):
            deleting.delete(OWNER, CHAT)

    def cut() -> None:
        raise ConnectionError

    with just_before(disturbed.table.client, WRITE, begin_to_delete), pytest.raises(NotFound):
        admit(disturbed, asked("Second"))


@pytest.mark.usefixtures("table")
def test_a_continuation_of_an_answer_that_another_continues_is_refused(disturbed: Admission) -> None:
    first = running()
    repository().end(first, used(), ANSWER)
    request = ChatRequest.from_client({"id": CHAT, "messages": [said("?", first.message_id, "assistant")]})
    with just_before(disturbed.table.client, WRITE, lambda: admit(admission(), request)):
        assert isinstance(admit(disturbed, request), Joined)


def test_a_start_whose_answer_was_lost_is_repeated_and_has_succeeded(table: Table, disturbed: Admission) -> None:
    with first_answers_lost(disturbed.table.client, WRITE), sent(disturbed.table.client) as requests:
        stream = admit(disturbed, stream_id=STREAM)
    assert isinstance(stream, StreamStart)
    assert (requests.count(STATE_READ), requests.count(WRITE)) == (1, 2)
    record = table.stream(OWNER, STREAM)
    assert record is not None
    assert record["fencingToken"] == stream.fencing_token
    assert texts() == [PROMPT]


def test_a_start_whose_every_answer_is_lost_is_found_in_the_table(
    table: Table, disturbed: Admission, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("shared.table.patience.RACE_SECONDS", 0.0)
    with first_answers_lost(disturbed.table.client, WRITE):
        stream = admit(disturbed, stream_id=STREAM)
    assert isinstance(stream, StreamStart)
    record = table.stream(OWNER, STREAM)
    assert record is not None
    assert record["fencingToken"] == stream.fencing_token


@pytest.mark.parametrize(("moment", "calls_before"), [(STATE_READ, 1), (WRITE, 0)])
def test_a_start_that_arrives_while_it_is_decided_anew_is_the_one_that_was_started(
    moment: str, calls_before: int, table: Table, disturbed: Admission
) -> None:
    """Its connection broke, what was sent again met another transaction, and then the first copy comes."""
    client = disturbed.table.client
    with noted(client, WRITE) as writes:

        def arrive() -> None:
            table_client().client.transact_write_items(**writes[0])

        with (
            refused(client, WRITE, "None", "TransactionConflict", times=1),
            just_before(client, moment, *[lambda: None] * calls_before, arrive),
        ):
            stream = admit(disturbed, stream_id=STREAM)
    assert isinstance(stream, StreamStart)
    record = table.stream(OWNER, STREAM)
    assert record is not None
    assert (record["fencingToken"], record["messageId"]) == (stream.fencing_token, stream.message_id)
    assert texts() == [PROMPT]


@pytest.mark.usefixtures("table")
def test_a_start_that_meets_other_transactions_is_decided_anew(disturbed: Admission) -> None:
    with (
        refused(disturbed.table.client, WRITE, "None", "TransactionConflict", times=5),
        sent(disturbed.table.client) as requests,
    ):
        assert isinstance(admit(disturbed), StreamStart)
    assert requests.count(STATE_READ) == 6


def test_a_start_that_loses_every_race_gives_up_in_our_words_and_leaves_nothing(
    table: Table, disturbed: Admission, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("shared.table.patience.RACE_SECONDS", 0.0)
    with just_before(disturbed.table.client, WRITE, lambda: running("stream-2", "Other")), pytest.raises(Busy):
        admit(disturbed, stream_id=STREAM)
    assert table.stream(OWNER, STREAM) is None
    assert texts() == ["Other"]


def test_eight_who_start_at_once_are_all_answered_or_superseded(table: Table) -> None:
    together = threading.Barrier(8)
    by = [admission_to(admission().table) for _ in range(8)]

    def start(number: int) -> StreamStart:
        together.wait(WAIT_SECONDS)
        outcome = admit(by[number], asked(f"Question {number}", message_id=f"m-{number}"), f"stream-{number}")
        assert isinstance(outcome, StreamStart)
        return outcome

    with ThreadPoolExecutor(8) as threads:
        streams = list(threads.map(start, range(8)))
    states = [repository().leases.renew(stream, Usage(1, 1), "m").state for stream in streams]
    assert sorted(states) == ["running", *["superseded"] * 7]
    last = max(streams, key=lambda stream: stream.answer_index)
    assert states[streams.index(last)] == "running", "the last in the history is the one that runs"
    assert sorted(stream.answer_index for stream in streams) == list(range(1, 16, 2))
    assert {stream.stream_id for stream in registry_open(streams)} == {stream.stream_id for stream in streams}
    for stream in streams:
        assert repository().end(stream, used(), [{"type": "text", "text": f"to {stream.stream_id}"}])
    told = texts()
    assert [answer.removeprefix("to stream-") for answer in told[1::2]] == [
        question.removeprefix("Question ") for question in told[::2]
    ]
    assert table.lease(OWNER, CHAT) is None


def registry_open(streams: list[StreamStart]) -> list[Any]:
    found = [repository().open_stream(OWNER, stream.stream_id, stream.fencing_token) for stream in streams]
    return [stream for stream in found if stream is not None]


@pytest.mark.usefixtures("table")
def test_of_eight_equal_requests_at_once_one_starts_and_seven_join() -> None:
    together = threading.Barrier(8)
    by = [admission_to(admission().table) for _ in range(8)]

    def start(number: int) -> StreamStart | Joined:
        together.wait(WAIT_SECONDS)
        return admit(by[number])

    with ThreadPoolExecutor(8) as threads:
        outcomes = list(threads.map(start, range(8)))
    started = [outcome for outcome in outcomes if isinstance(outcome, StreamStart)]
    assert len(started) == 1
    assert [outcome for outcome in outcomes if isinstance(outcome, Joined)] == [Joined(started[0].stream_id)] * 7
    assert texts() == [PROMPT]
