"""A stream in the table: claimed, kept alive, cancelled and withdrawn, each once, whoever else tries."""

import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from botocore.exceptions import ClientError

from shared.errors import NotFound
from shared.models.events import Usage
from shared.streams.repository import RESUMABLE_SECONDS, StreamRepository
from shared.streams.start import StreamStart
from shared.table.client import TableClient
from tests.support.aws import TABLE, Table
from tests.support.interference import first_answers_lost, refused, sent
from tests.support.server import WAIT_SECONDS
from tests.support.starts import (
    CHAT,
    OWNER,
    STREAM,
    admitted,
    chats,
    members,
    repository,
    running,
    shared_with,
    start,
    used,
)

USAGE = Usage(3, 5, estimated=True)
BOOKED = used()


def end(stream: StreamStart) -> bool:
    return repository().end(stream, BOOKED, [])


@pytest.mark.usefixtures("table")
def test_a_stream_is_claimed_once() -> None:
    stream = admitted()
    assert [repository().claim(stream) for _ in range(3)] == ["claimed", "taken", "taken"]


@pytest.mark.usefixtures("table")
def test_a_stream_that_was_registered_as_running_cannot_be_claimed() -> None:
    assert repository().claim(running()) == "taken"


def test_a_stream_that_was_never_registered_is_not_claimed(table: Table) -> None:
    assert repository().claim(start()) == "taken"
    assert table.count() == 0


@pytest.mark.usefixtures("table")
def test_a_stream_that_has_ended_is_not_claimed() -> None:
    stream = admitted()
    assert end(stream)
    assert repository().claim(stream) == "taken"


def test_of_many_who_claim_at_once_one_has_the_stream(table: Table) -> None:  # noqa: ARG001
    for round_ in range(3):
        stream = admitted(f"stream-{round_}", chat_id=f"chat-{round_}")
        assert sorted(at_once(8, lambda: repository().claim(stream))) == ["claimed", *["taken"] * 7]  # noqa: B023


def at_once(count: int, call: Callable[[], str]) -> list[str]:
    together = threading.Barrier(count)

    def run(_: int) -> str:
        together.wait(WAIT_SECONDS)
        return call()

    with ThreadPoolExecutor(count) as threads:
        return list(threads.map(run, range(count)))


def test_a_stream_is_superseded_by_a_newer_one_of_its_user_in_its_chat(table: Table) -> None:
    older, elsewhere = running(), running("stream-0", chat_id="another-chat")
    admitted("stream-x", owner="somebody-else", chat_id="a-chat-of-theirs")
    repository().leases.renew(older, USAGE, "m")
    newer = running("stream-2")
    assert repository().leases.renew(older, USAGE, "m").state == "superseded"
    assert (
        repository().leases.renew(newer, USAGE, "m").state
        == repository().leases.renew(elsewhere, USAGE, "m").state
        == "running"
    )
    record = table.stream(OWNER, STREAM)
    assert record is not None
    assert (record["state"], record["open"], record["model"]) == ("started", "websocket", "m")
    assert record["usage"]["outputTokens"] == 5


@pytest.mark.usefixtures("table")
def test_a_stream_that_was_superseded_before_its_claim_is_ended_by_one_worker() -> None:
    older = admitted()
    newer = admitted("stream-2")
    assert [repository().claim(older) for _ in range(2)] == ["superseded", "taken"]
    assert repository().claim(newer) == "claimed"


@pytest.mark.usefixtures("table")
def test_a_second_delivery_of_a_superseded_stream_that_runs_does_nothing() -> None:
    older = admitted()
    repository().claim(older)
    admitted("stream-2")
    assert repository().claim(older) == "taken"


@pytest.mark.parametrize("run", [False, True])
def test_a_stream_is_withdrawn_or_claimed_never_both(run: bool, table: Table) -> None:
    stream = admitted()
    if run:
        repository().claim(stream)
    assert repository().withdraw(stream) is not run
    assert (table.stream(OWNER, STREAM) is None) is not run
    assert (table.lease(OWNER, CHAT) is None) is not run
    assert repository().claim(stream) == "taken"


def test_a_withdrawn_stream_leaves_the_question_and_no_answer(table: Table) -> None:
    stream = admitted()
    assert repository().withdraw(stream)
    assert repository().withdraw(stream)
    assert [message["role"] for message in chats().read(OWNER, CHAT)["messages"]] == ["user"]
    assert [message.get("state") for message in table.messages(CHAT)] == [None, "done"]
    assert repository().resumable(OWNER, CHAT) is None


def test_a_stream_is_withdrawn_whose_answers_place_another_has_taken_for_a_question(table: Table) -> None:
    stream = admitted()
    [_, answer] = table.messages(CHAT)
    question: dict[str, object] = {"pk": answer["pk"], "sk": answer["sk"], "id": "m-9", "role": "user", "parts": []}
    table.fill([question])
    assert repository().withdraw(stream)
    assert table.stream(OWNER, STREAM) is None
    assert table.messages(CHAT)[1] == question


@pytest.mark.usefixtures("table")
def test_an_id_that_is_used_again_after_a_withdrawal_is_another_stream() -> None:
    first = admitted()
    repository().withdraw(first)
    second = admitted()
    assert second.fencing_token != first.fencing_token
    assert repository().claim(first) == "taken", "a late event of the first attempt"
    assert not repository().end(first, BOOKED, [])
    assert not repository().withdraw(first)
    assert repository().claim(second) == "claimed"


@pytest.mark.parametrize("run", [False, True])
def test_a_superseded_stream_is_withdrawn_unless_it_was_claimed(run: bool, table: Table) -> None:
    older = admitted()
    if run:
        repository().claim(older)
    newer = admitted("stream-2")
    assert repository().withdraw(older) is not run
    assert (table.stream(OWNER, STREAM) is None) is not run
    assert repository().claim(newer) == "claimed"


def test_the_record_says_what_became_of_a_stream(table: Table) -> None:
    assert repository().record(OWNER, STREAM) is None
    stream = admitted()
    record = repository().record(OWNER, STREAM)
    assert record is not None
    assert (record.state, record.message_id, record.ended_at) == ("started", stream.message_id, None)
    end(stream)
    record = repository().record(OWNER, STREAM)
    assert record is not None
    assert record.state == "ended"
    assert record.ended_at == pytest.approx(time.time(), abs=5)
    table.change(f"stream#{OWNER}#{STREAM}", "stream", expiresAt=int(time.time()) - 1)
    assert repository().record(OWNER, STREAM) is None, "DynamoDB deletes late"


def test_the_latest_stream_of_a_chat_is_offered_until_a_minute_after_its_end(table: Table) -> None:
    admitted("stream-0", chat_id="another-chat")
    older, newer = admitted(), admitted("stream-2")
    latest = repository().resumable(OWNER, CHAT)
    assert latest is not None
    assert latest.stream_id == "stream-2"
    end(older)
    end(newer)
    assert repository().resumable(OWNER, CHAT) is not None
    table.change(f"stream#{OWNER}#stream-2", "stream", endedAt=int(time.time()) - RESUMABLE_SECONDS - 1)
    assert repository().resumable(OWNER, CHAT) is None


@pytest.mark.usefixtures("table")
def test_a_chat_of_others_is_not_there_and_one_that_never_was_has_nothing_to_resume() -> None:
    assert repository().resumable(OWNER, CHAT) is None
    admitted()
    with pytest.raises(NotFound):
        repository().resumable("somebody-else", CHAT)
    shared_with("somebody-else")
    assert repository().resumable("somebody-else", CHAT) is None, "a member resumes what is the member's own"
    admitted("stream-2", owner="somebody-else")
    assert repository().resumable("somebody-else", CHAT) is not None
    members().remove(OWNER, CHAT, "somebody-else")
    with pytest.raises(NotFound):  # a member no more
        repository().resumable("somebody-else", CHAT)
    chats().delete(OWNER, CHAT)
    with pytest.raises(NotFound):  # nor is one that was deleted, for anybody
        repository().resumable(OWNER, CHAT)


@pytest.fixture(scope="module")
def unlucky() -> Iterator[StreamRepository]:
    """A repository of its own client, for what is done to it."""
    return StreamRepository(TableClient(TABLE))


@pytest.mark.usefixtures("table")
def test_a_claim_whose_answer_was_lost_is_repeated_and_has_succeeded(unlucky: StreamRepository) -> None:
    stream = admitted()
    with first_answers_lost(unlucky.table.client, "UpdateItem"), sent(unlucky.table.client) as requests:
        assert unlucky.claim(stream) == "claimed"
    assert requests == ["UpdateItem", "UpdateItem"]
    assert unlucky.claim(stream) == "taken", "but a second caller has not"


def test_a_withdrawal_whose_answer_was_lost_is_repeated_and_has_succeeded(
    table: Table, unlucky: StreamRepository
) -> None:
    stream = admitted()
    with first_answers_lost(unlucky.table.client, "TransactWriteItems"):
        assert unlucky.withdraw(stream)
    assert table.stream(OWNER, STREAM) is None


@pytest.mark.usefixtures("table")
def test_a_single_write_that_meets_a_transaction_waits_for_it(unlucky: StreamRepository) -> None:
    stream = admitted()
    with refused(unlucky.table.client, "UpdateItem", "TransactionConflictException", times=3):
        assert unlucky.claim(stream) == "claimed"


def test_another_failure_of_the_table_is_not_taken_for_an_outcome(table: Table) -> None:
    stream = admitted()
    table.delete()
    steps: list[Callable[[], object]] = [
        lambda: repository().claim(stream),
        lambda: repository().leases.renew(stream, USAGE, "m"),
        lambda: repository().cancel(OWNER, STREAM),
        lambda: repository().withdraw(stream),
        lambda: repository().record(OWNER, STREAM),
        lambda: repository().resumable(OWNER, CHAT),
        lambda: end(stream),
        lambda: admitted("stream-2"),
    ]
    for step in steps:
        with pytest.raises(ClientError, match="ResourceNotFound"):
            step()
