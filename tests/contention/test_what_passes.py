"""What passes by itself is waited for, and what was begun has one outcome; what does not pass is told at once."""

import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager

import pytest
from botocore.exceptions import ClientError

from shared.chats.store import ChatStore
from shared.contract.tiers import Tier
from shared.errors import Busy
from shared.models.events import Usage
from shared.streams.repository import StreamRepository
from shared.streams.start import StreamStart
from shared.table.cancel_mark import cancel_running
from shared.table.client import TableClient
from shared.table.keys import record_key, ticket_key
from shared.table.patience import RACE_SECONDS
from shared.table.writes import delete, put
from tests.support.aws import TABLE, Table
from tests.support.conflicting import Conflicting
from tests.support.server import WAIT_SECONDS
from tests.support.starts import CHAT, OWNER, PROMPT, STREAM, admission_to, asked, used

ANSWER = [{"type": "text", "text": "Because."}]
SLACK_SECONDS = 10.0
"""What a slow machine may take beside what is waited for."""


@pytest.fixture
def client(table: Table) -> TableClient:  # noqa: ARG001
    return TableClient(TABLE)


def admitted(client: TableClient, stream_id: str = STREAM, prompt: str = PROMPT) -> StreamStart:
    by = admission_to(client)
    outcome = by.admit(
        OWNER, asked(prompt), tier=Tier.ENTERPRISE, stream_id=stream_id, correlation_id="c", running=True
    )
    assert isinstance(outcome, StreamStart)
    return outcome


REQUESTS: dict[str, Callable[[TableClient], object]] = {
    "GetItem": lambda client: client.get(record_key(OWNER, STREAM)),
    "BatchGetItem": lambda client: client.get_many([record_key(OWNER, STREAM)]),
    "Query": lambda client: list(client.pages_of(record_key(OWNER, STREAM), "part#")),
    "PutItem": lambda client: client.write(put({**ticket_key("t"), "n": 1})),
    "UpdateItem": lambda client: cancel_running(client, OWNER, CHAT),
    "DeleteItem": lambda client: client.write(delete(ticket_key("t"))),
    "BatchWriteItem": lambda client: client.delete_all([ticket_key("t")]),
    "TransactWriteItems": lambda client: client.transact([put({**ticket_key("t"), "n": 1})]),
}
LOAD = ["ProvisionedThroughputExceededException", "RequestLimitExceeded", "ThrottlingException"]
PASSING: list[dict[str, object]] = [
    *({"code": code} for code in LOAD),
    {"code": "InternalServerError", "status": 500},
    {"code": "ServiceUnavailable", "status": 503},
    {},  # its answer is lost
]


@pytest.mark.parametrize("fault", PASSING, ids=lambda fault: str(fault.get("code", "lost")))
@pytest.mark.parametrize("operation", REQUESTS)
def test_a_request_that_may_be_good_a_moment_later_is_repeated(
    operation: str, fault: dict[str, object], dynamodb: Conflicting, client: TableClient
) -> None:
    dynamodb.rule(faults=[{"operation": operation, "times": 4, **fault}])
    REQUESTS[operation](client)
    if "code" in fault:
        assert dynamodb.counted()[str(fault["code"])] == 4


@pytest.mark.parametrize("code", ["ValidationException", "AccessDeniedException", "ResourceNotFoundException"])
@pytest.mark.parametrize("operation", REQUESTS)
def test_a_request_that_is_wrong_is_made_once(
    operation: str, code: str, dynamodb: Conflicting, client: TableClient
) -> None:
    dynamodb.rule(faults=[{"operation": operation, "times": 9, "code": code}])
    with pytest.raises(ClientError, match=code):
        REQUESTS[operation](client)
    assert dynamodb.counted() == {code: 1}


@pytest.mark.parametrize("operation", REQUESTS)
def test_a_table_that_is_busy_for_too_long_is_given_up_in_time_and_was_not_hammered(
    operation: str, dynamodb: Conflicting, client: TableClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("shared.table.patience.PATIENCE_SECONDS", 0.5)
    dynamodb.rule(faults=[{"operation": operation, "times": 1000, "code": "ThrottlingException"}])
    began = time.monotonic()
    with pytest.raises(Busy) as refusal:
        REQUESTS[operation](client)
    assert 0.5 <= time.monotonic() - began < 0.5 + SLACK_SECONDS
    assert 2 <= dynamodb.counted()["ThrottlingException"] <= 60
    assert refusal.value.to_json()["retryAfter"] == 1


@pytest.mark.parametrize("operation", ["BatchGetItem", "TransactWriteItems"])
def test_an_admission_waits_once_and_not_once_for_each_of_its_requests(
    operation: str, dynamodb: Conflicting, client: TableClient, table: Table, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert RACE_SECONDS < 29 / 2, "a route of the WebSocket API has 29 s for it and for all else"
    monkeypatch.setattr("shared.table.patience.RACE_SECONDS", 0.5)
    dynamodb.rule(faults=[{"operation": operation, "times": 1000, "code": "ThrottlingException"}])
    began = time.monotonic()
    with pytest.raises(Busy):
        admitted(client)
    assert 0.5 <= time.monotonic() - began < 0.5 + SLACK_SECONDS
    assert table.items() == []


def test_a_start_that_is_still_being_written_when_its_answer_is_given_up_is_one_start(
    dynamodb: Conflicting, table: Table, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("shared.table.client.READ_TIMEOUT_SECONDS", 0.2)
    client = TableClient(TABLE)
    dynamodb.rule(seconds=1.0)
    stream = admitted(client)
    counted = dynamodb.counted()
    assert counted["TransactionInProgressException"] > 0
    assert counted["found again"] == 1
    record = table.stream(OWNER, STREAM)
    assert record is not None
    assert record["fencingToken"] == stream.fencing_token
    assert [message["role"] for message in table.messages(CHAT)] == ["user", "assistant"]


def test_an_end_that_is_still_being_written_when_its_answer_is_given_up_appends_once(
    dynamodb: Conflicting, table: Table, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("shared.table.client.READ_TIMEOUT_SECONDS", 0.2)
    client = TableClient(TABLE)
    stream = admitted(client)
    dynamodb.rule(seconds=1.0)
    assert StreamRepository(client).end(stream, used(), ANSWER)
    assert dynamodb.counted()["found again"] == 1
    assert [message["parts"] for message in table.messages(CHAT)] == [[{"type": "text", "text": PROMPT}], ANSWER]


def test_a_start_that_arrives_late_beside_its_repetition_is_one_start(
    dynamodb: Conflicting, client: TableClient, table: Table
) -> None:
    """The connection breaks, and what was sent on it reaches DynamoDB all the same, after a while."""
    dynamodb.rule(faults=[{"operation": "TransactWriteItems", "times": 1, "late": 0.3}])
    stream = admitted(client)
    assert dynamodb.counted()["found again"] == 1
    record = table.stream(OWNER, STREAM)
    assert record is not None
    assert record["fencingToken"] == stream.fencing_token
    assert len(table.messages(CHAT)) == 2


@contextmanager
def newer_stream(dynamodb: Conflicting) -> Iterator["Future[StreamStart]"]:
    """One of the same user is being started in the chat, until something has met its transaction."""
    dynamodb.rule(until_met=True)
    with ThreadPoolExecutor(1) as thread:
        newer = thread.submit(admitted, TableClient(TABLE), "stream-2", "Or rather:")
        until = time.monotonic() + WAIT_SECONDS
        while not dynamodb.counted().get("begun"):
            assert time.monotonic() < until
        yield newer


def test_a_heartbeat_that_meets_a_transaction_waits_for_it(dynamodb: Conflicting, client: TableClient) -> None:
    older = admitted(client)
    with newer_stream(dynamodb) as newer:
        assert StreamRepository(client).leases.renew(older, Usage(1, 1), "m").state == "superseded"
        assert dynamodb.counted()["TransactionConflictException"] > 0
        assert StreamRepository(client).leases.renew(newer.result(), Usage(1, 1), "m").state == "running"


def test_an_end_that_meets_a_transaction_waits_for_it(dynamodb: Conflicting, client: TableClient, table: Table) -> None:
    older = admitted(client)
    with newer_stream(dynamodb) as newer:
        assert StreamRepository(client).end(older, used(), ANSWER)
        assert dynamodb.counted()["TransactionCanceledException"] > 0
        lease = table.lease(OWNER, CHAT)
        assert lease is not None
        assert lease["fencingToken"] == newer.result().fencing_token
    assert [message["parts"] for message in table.messages(CHAT)][1] == ANSWER


def test_a_change_of_a_chat_that_meets_a_transaction_is_made_on_what_that_has_left(
    dynamodb: Conflicting, client: TableClient, table: Table
) -> None:
    admitted(client)
    with newer_stream(dynamodb):
        assert ChatStore(client).update(OWNER, CHAT, title="Skies")["title"] == "Skies"
        assert dynamodb.counted()["TransactionCanceledException"] > 0
    chat = table.chat(CHAT)
    assert chat is not None
    assert (chat["title"], int(chat["length"])) == ("Skies", 4)
