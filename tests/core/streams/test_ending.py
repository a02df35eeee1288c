"""The end of a stream: one transaction for record, lease and history, once, and found again when its worker died."""

import time
from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError

from shared.models.events import Usage
from shared.protocol.request import ChatRequest
from shared.streams.records import KEPT_SECONDS, OpenStream
from shared.streams.repository import StreamRepository
from shared.streams.start import StreamStart
from shared.table.client import TableClient
from tests.support.aws import TABLE, Table
from tests.support.interference import first_answers_lost, just_before, refused, sent
from tests.support.starts import (
    CHAT,
    OWNER,
    STREAM,
    admitted,
    asked,
    chats,
    repository,
    running,
    said,
    shared_with,
    used,
)

MODEL = "amazon.nova-micro-v1:0"
"""One that the price file knows."""
BOOKED = used(model=MODEL)
ANSWER = [{"type": "reasoning", "text": "Hm."}, {"type": "text", "text": "Because."}]


@pytest.fixture(scope="module")
def disturbed() -> Iterator[StreamRepository]:
    """A repository of its own client, for what is done to it."""
    return StreamRepository(TableClient(TABLE))


def expire(table: Table, chat_id: str = CHAT) -> None:
    table.change(f"user#{OWNER}", f"lease#{chat_id}", leaseExpiresAt=int(time.time()) - 1)


def begin_long_ago(table: Table, pk: str, sk: str) -> None:
    table.change(pk, sk, startedAt=int(time.time()) - 3600)


def answers(chat_id: str = CHAT) -> list[dict[str, Any]]:
    messages: list[dict[str, Any]] = chats().read(OWNER, chat_id)["messages"]
    return [message for message in messages if message["role"] == "assistant"]


def test_the_end_books_frees_the_lease_and_completes_the_history(table: Table) -> None:
    stream = running()
    assert repository().end(stream, BOOKED, ANSWER)
    record = table.stream(OWNER, STREAM)
    assert record is not None
    assert (record["state"], record["stopReason"], record["usage"]["outputTokens"]) == ("ended", "end_turn", 5)
    assert float(record["cost"]["model"]) == BOOKED.cost
    assert float(record["expiresAt"]) == pytest.approx(time.time() + KEPT_SECONDS, abs=60)
    assert table.lease(OWNER, CHAT) is None
    [answer] = answers()
    assert (answer["id"], answer["parts"]) == (stream.message_id, ANSWER)
    assert answer["metadata"] == {"streamId": STREAM, **BOOKED.to_json(), "rating": None}


@pytest.mark.usefixtures("table")
def test_the_end_is_one_request() -> None:
    stream = running()
    with sent(repository().table.client) as requests:
        repository().end(stream, BOOKED, ANSWER)
    assert requests == ["TransactWriteItems"]


def test_a_stream_is_ended_once_and_the_first_usage_record_counts(table: Table) -> None:
    stream = running()
    assert repository().end(stream, BOOKED, ANSWER)
    before = table.items()
    assert not repository().end(stream, used("deadline"), [{"type": "text", "text": "twice"}])
    assert table.items() == before


def test_a_stream_of_another_registration_is_not_ended(table: Table) -> None:
    first = admitted()
    repository().withdraw(first)
    second = admitted()
    assert not repository().end(first, BOOKED, ANSWER)
    assert repository().end(second, BOOKED, ANSWER)
    assert len(answers()) == 1
    assert table.lease(OWNER, CHAT) is None


@pytest.mark.parametrize("holds_lease", [True, False])
def test_a_superseded_stream_ends_with_its_answer_and_leaves_the_lease(holds_lease: bool, table: Table) -> None:
    older = running()
    newer = running("stream-2")
    assert repository().end(older, BOOKED, ANSWER, holds_lease=holds_lease)
    lease = table.lease(OWNER, CHAT)
    assert lease is not None
    assert lease["fencingToken"] == newer.fencing_token
    assert [answer["id"] for answer in answers()] == [older.message_id]
    record = table.stream(OWNER, STREAM)
    assert record is not None
    assert {"open", "leaseExpiresAt", "claimedBy"}.isdisjoint(record)


def test_an_answer_that_was_cut_off_meanwhile_changes_nothing_in_the_history(table: Table) -> None:
    older = running(STREAM, "One")
    newer = admitted("stream-2", request=asked("Another one", message_id=table.messages(CHAT)[0]["id"]))
    edited = admitted("stream-3", "Two", chat_id="chat-2")
    assert newer.answer_index == older.answer_index
    assert repository().end(older, BOOKED, ANSWER)
    assert answers() == []
    assert repository().end(newer, BOOKED, [{"type": "text", "text": "of the edited"}])
    assert [answer["parts"][0]["text"] for answer in answers()] == ["of the edited"]
    assert edited.chat_id != CHAT


def test_a_deleted_chat_does_not_come_back_with_the_end_of_a_stream(table: Table) -> None:
    stream = running()
    chats().delete(OWNER, CHAT)
    assert repository().leases.renew(stream, Usage(1, 1), "m").state == "cancelled"
    assert repository().end(stream, BOOKED, ANSWER)
    [tombstone] = table.items(f"chat#{CHAT}")
    assert tombstone.keys() == {"pk", "sk", "deleted", "expiresAt"}
    assert table.lease(OWNER, CHAT) is None
    record = table.stream(OWNER, STREAM)
    assert record is not None
    assert record["state"] == "ended"


def test_two_members_may_choose_the_same_stream_id(table: Table) -> None:
    mine = running()
    shared_with("somebody-else")
    theirs = admitted(STREAM, "And?", owner="somebody-else")
    assert repository().end(theirs, BOOKED, [{"type": "text", "text": "theirs"}])
    assert repository().end(mine, BOOKED, [{"type": "text", "text": "mine"}])
    assert [answer["parts"][0]["text"] for answer in answers()] == ["mine", "theirs"]
    assert table.lease("somebody-else", CHAT) is None


@pytest.mark.usefixtures("table")
def test_an_answer_that_another_member_had_written_anew_under_the_same_stream_id_is_left_alone() -> None:
    mine = running()
    shared_with("somebody-else")
    body = {"id": CHAT, "messages": [said("x")], "trigger": "regenerate-message", "messageId": mine.message_id}
    theirs = admitted(STREAM, owner="somebody-else", request=ChatRequest.from_client(body))
    assert theirs.answer_index == mine.answer_index
    assert repository().end(mine, BOOKED, [{"type": "text", "text": "mine"}])
    assert answers() == []
    assert repository().end(theirs, BOOKED, [{"type": "text", "text": "theirs"}])
    assert [answer["parts"][0]["text"] for answer in answers()] == ["theirs"]


def test_an_end_whose_answer_was_lost_is_repeated_and_appends_once(table: Table, disturbed: StreamRepository) -> None:
    stream = running()
    with first_answers_lost(disturbed.table.client, "TransactWriteItems"), sent(disturbed.table.client) as requests:
        assert disturbed.end(stream, BOOKED, ANSWER)
    assert len(requests) == 2
    assert [answer["parts"] for answer in answers()] == [ANSWER]
    assert table.lease(OWNER, CHAT) is None


@pytest.mark.usefixtures("table")
@pytest.mark.parametrize("codes", [("TransactionConflict", "None", "None"), ("None", "ThrottlingError", "None")])
def test_an_end_that_meets_another_transaction_waits_for_it(
    codes: tuple[str, ...], disturbed: StreamRepository
) -> None:
    stream = running()
    with refused(disturbed.table.client, "TransactWriteItems", *codes, times=3):
        assert disturbed.end(stream, BOOKED, ANSWER)
    assert len(answers()) == 1


@pytest.mark.usefixtures("table")
def test_a_stream_that_is_superseded_while_it_ends_ends_all_the_same(disturbed: StreamRepository) -> None:
    stream = running()
    with just_before(disturbed.table.client, "TransactWriteItems", lambda: running("stream-2")):
        assert disturbed.end(stream, BOOKED, ANSWER)
    assert repository().open_stream(OWNER, STREAM, stream.fencing_token) is None
    assert [answer["id"] for answer in answers()] == [stream.message_id]


def test_an_answer_that_no_item_can_hold_ends_without_its_text(table: Table) -> None:
    stream = running()
    assert repository().end(stream, BOOKED, [{"type": "text", "text": "x" * 500_000}])
    assert [message.get("state") for message in table.messages(CHAT)] == [None, "done"]
    record = table.stream(OWNER, STREAM)
    assert record is not None
    assert record["state"] == "ended"


@pytest.mark.usefixtures("table")
def test_another_refusal_is_no_reason_to_end_without_the_text(disturbed: StreamRepository) -> None:
    stream = running()
    with (
        refused(disturbed.table.client, "TransactWriteItems", "None", "AccessDenied", times=1),
        pytest.raises(ClientError),
    ):
        disturbed.end(stream, BOOKED, ANSWER)
    assert repository().end(stream, BOOKED, ANSWER)


def test_the_sweep_finds_streams_whose_lease_has_expired(table: Table) -> None:
    for number in range(2, 4):
        running(f"stream-{number}", chat_id=f"chat-{number}")
        begin_long_ago(table, f"user#{OWNER}", f"lease#chat-{number}")
    admitted("stream-x", chat_id="chat-x", architecture="appsync")
    dead = running(chat_id=CHAT)
    begin_long_ago(table, f"user#{OWNER}", f"lease#{CHAT}")
    repository().leases.renew(dead, Usage(3, 5), "m")
    assert list(repository().open_streams("websocket")) == []
    expire(table)
    expire(table, "chat-x")
    found = list(repository().open_streams("websocket"))
    assert [(stream.stream_id, stream.fencing_token, stream.holds_lease) for stream in found] == [
        (STREAM, dead.fencing_token, True)
    ]
    assert (found[0].usage, found[0].model, found[0].answer_index) == (Usage(3, 5), "m", 1)


def test_the_sweep_finds_a_dead_stream_that_was_superseded(table: Table) -> None:
    dead = admitted(address={"connectionId": "c-1", "requestId": STREAM})
    expire(table)
    begin_long_ago(table, f"stream#{OWNER}#{STREAM}", "stream")
    running("stream-2")
    [found] = repository().open_streams("websocket")
    assert (found.stream_id, found.fencing_token, found.holds_lease) == (STREAM, dead.fencing_token, False)
    assert found.address == {"connectionId": "c-1", "requestId": STREAM}
    assert repository().end(found, BOOKED, ANSWER, holds_lease=found.holds_lease)
    assert list(repository().open_streams("websocket")) == []
    assert table.lease(OWNER, CHAT) is not None


def test_what_the_sweep_found_ends_once(table: Table) -> None:
    stream = running()
    begin_long_ago(table, f"user#{OWNER}", f"lease#{CHAT}")
    expire(table)
    [found] = repository().open_streams("websocket")
    assert repository().end(found, BOOKED, ANSWER)
    assert not repository().end(stream, BOOKED, ANSWER), "a worker that was only slow"
    assert list(repository().open_streams("websocket")) == []


def test_the_sweep_of_many_streams_reads_them_all(table: Table, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shared.table.client.MAX_BATCH_GET", 3)
    for number in range(8):
        running(f"stream-{number}", chat_id=f"chat-{number}")
        begin_long_ago(table, f"user#{OWNER}", f"lease#chat-{number}")
        expire(table, f"chat-{number}")
    assert len(list(repository().open_streams("websocket"))) == 8


def open_(stream: StreamStart) -> OpenStream | None:
    return repository().open_stream(OWNER, STREAM, stream.fencing_token)


@pytest.mark.usefixtures("table")
def test_a_stream_is_found_by_its_id_until_it_has_ended_whatever_its_lease() -> None:
    stream = admitted(address={"connectionId": "c-1"})
    found = open_(stream)
    assert found is not None
    assert (found.holds_lease, found.address, found.message_id) == (True, {"connectionId": "c-1"}, stream.message_id)
    assert repository().open_stream(OWNER, STREAM, "another fencing token") is None
    assert repository().open_stream("somebody-else", STREAM, stream.fencing_token) is None
    running("stream-2")
    superseded = open_(stream)
    assert superseded is not None
    assert not superseded.holds_lease
    repository().end(stream, BOOKED, ANSWER)
    assert open_(stream) is None


@pytest.mark.usefixtures("table")
def test_a_tombstone_is_no_open_stream() -> None:
    repository().cancel(OWNER, STREAM)
    assert repository().open_stream(OWNER, STREAM, "any") is None


def test_a_stream_whose_lease_was_lost_is_found_and_ended(table: Table) -> None:
    stream = running()
    table.remove(f"user#{OWNER}", f"lease#{CHAT}")
    found = open_(stream)
    assert found is not None
    assert repository().end(found, BOOKED, ANSWER)
    assert [answer["parts"] for answer in answers()] == [ANSWER]
