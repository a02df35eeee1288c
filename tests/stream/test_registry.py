"""The record of a stream: each step happens once, whoever else tries, and whatever is repeated."""

import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from botocore.exceptions import ClientError

from shared.errors import AlreadyStarted
from shared.stream.registry import KEPT_SECONDS, StreamRegistry
from tests.support.aws import TABLE, Table
from tests.support.server import WAIT_SECONDS
from tests.support.starts import OWNER, STREAM, registry

BOOKING: dict[str, object] = {
    "model": "m",
    "stopReason": "end_turn",
    "usage": {"inputTokens": 3, "outputTokens": 5, "totalTokens": 8, "estimated": True},
    "cost": {"currency": "USD", "model": 1.5e-07},
}


def register(stream_id: str = STREAM, owner: str = OWNER) -> None:
    registry().register(owner, stream_id, "chat-1")


def state(table: Table) -> str:
    item = table.stream(OWNER, STREAM)
    assert item is not None
    return item["state"]


def test_a_registered_stream_is_kept_for_a_day(table: Table) -> None:
    register()
    item = table.stream(OWNER, STREAM)
    assert item is not None
    assert (item["state"], item["chatId"]) == ("registered", "chat-1")
    assert item["expiresAt"] - item["registeredAt"] == KEPT_SECONDS
    assert abs(int(item["registeredAt"]) - time.time()) < 60


def test_a_stream_is_registered_once(table: Table) -> None:
    register()
    before = table.stream(OWNER, STREAM)
    with pytest.raises(AlreadyStarted, match=STREAM) as refusal:
        register()
    assert refusal.value.status == 409
    assert table.stream(OWNER, STREAM) == before


@pytest.mark.parametrize("ended", [False, True])
def test_an_id_is_used_up_once_its_stream_was_claimed(ended: bool, table: Table) -> None:  # noqa: ARG001
    register()
    registry().claim(OWNER, STREAM)
    if ended:
        registry().end(OWNER, STREAM, BOOKING)
    with pytest.raises(AlreadyStarted):
        register()


def test_an_id_may_be_used_again_after_its_stream_was_withdrawn(table: Table) -> None:
    register()
    registry().withdraw(OWNER, STREAM)
    register()
    assert state(table) == "registered"


def test_two_users_may_choose_the_same_id(table: Table) -> None:
    register()
    register(owner="somebody-else")
    assert registry().claim(OWNER, STREAM)
    other = table.stream("somebody-else", STREAM)
    assert other is not None
    assert other["state"] == "registered"


def test_a_stream_is_claimed_once(table: Table) -> None:
    register()
    assert [registry().claim(OWNER, STREAM) for _ in range(3)] == [True, False, False]
    assert state(table) == "running"


def test_a_stream_that_was_never_registered_cannot_be_moved(table: Table) -> None:
    assert not registry().claim(OWNER, STREAM)
    assert not registry().end(OWNER, STREAM, BOOKING)
    assert table.count() == 0


def test_of_many_who_claim_at_once_one_has_the_stream(table: Table) -> None:  # noqa: ARG001
    for round_ in range(5):
        stream_id = f"stream-{round_}"
        register(stream_id)
        assert at_once(8, lambda: registry().claim(OWNER, stream_id)).count(True) == 1  # noqa: B023


def test_of_many_who_register_at_once_one_has_started(table: Table) -> None:
    def started() -> bool:
        try:
            register()
        except AlreadyStarted:
            return False
        return True

    assert at_once(8, started).count(True) == 1
    assert table.count() == 1


def test_a_stream_is_either_claimed_or_withdrawn_never_both(table: Table) -> None:
    for round_ in range(5):
        stream_id = f"stream-{round_}"
        register(stream_id)
        claimed: list[bool] = []
        moves = [lambda: claimed.append(registry().claim(OWNER, stream_id)) or claimed[-1]]  # noqa: B023
        moves += [lambda: registry().withdraw(OWNER, stream_id)]  # noqa: B023
        outcome = at_once(2, lambda: moves.pop()())  # noqa: B023
        assert sorted(outcome) == [False, True]
        assert (table.stream(OWNER, stream_id) is not None) == claimed[0]


def at_once(count: int, call: Callable[[], bool]) -> list[bool]:
    together = threading.Barrier(count)

    def run(_: int) -> bool:
        together.wait(WAIT_SECONDS)
        return call()

    with ThreadPoolExecutor(count) as threads:
        return list(threads.map(run, range(count)))


def test_a_withdrawn_stream_cannot_be_claimed(table: Table) -> None:
    register()
    assert registry().withdraw(OWNER, STREAM)
    assert not registry().claim(OWNER, STREAM)
    assert table.count() == 0


def test_a_claimed_stream_cannot_be_withdrawn(table: Table) -> None:
    register()
    assert registry().claim(OWNER, STREAM)
    assert not registry().withdraw(OWNER, STREAM)
    assert state(table) == "running"


def test_a_stream_is_ended_once_and_the_first_booking_counts(table: Table) -> None:
    registry().register(OWNER, STREAM, "chat-1", state="running")
    assert registry().end(OWNER, STREAM, BOOKING)
    assert not registry().end(OWNER, STREAM, {**BOOKING, "stopReason": "deadline"})
    item: Any = table.stream(OWNER, STREAM)
    assert (item["state"], item["stopReason"]) == ("ended", "end_turn")
    assert {name: item["usage"][name] for name in item["usage"]} == BOOKING["usage"]
    assert float(item["cost"]["model"]) == 1.5e-07
    assert item["chatId"] == "chat-1"
    assert abs(int(item["movedAt"]) - time.time()) < 60


def test_a_stream_that_nobody_runs_cannot_be_ended(table: Table) -> None:
    register()
    assert not registry().end(OWNER, STREAM, BOOKING)
    assert state(table) == "registered"


def test_another_failure_of_the_table_is_not_taken_for_a_refusal(table: Table) -> None:
    register()
    table.delete()
    with pytest.raises(ClientError, match="ResourceNotFound"):
        register()
    for step in steps().values():
        with pytest.raises(ClientError, match="ResourceNotFound"):
            step(registry())


def steps() -> dict[str, Callable[[StreamRegistry], bool]]:
    return {
        "claim": lambda to: to.claim(OWNER, STREAM),
        "withdraw": lambda to: to.withdraw(OWNER, STREAM),
        "end": lambda to: to.end(OWNER, STREAM, BOOKING),
    }


@pytest.fixture(scope="module")
def unlucky_client() -> StreamRegistry:
    """A registry whose SDK loses the answer to each first write, and so repeats it."""
    unlucky = StreamRegistry(TABLE)
    lost: set[object] = set()

    def lose(operation: Any, request_dict: dict[str, Any], **_: object) -> float | None:
        mark = (operation.name, request_dict["body"])
        if mark in lost:
            return None
        lost.add(mark)
        return 0.0  # "try again in no time", though DynamoDB has written

    for write in ("PutItem", "UpdateItem", "DeleteItem"):
        unlucky.client.meta.events.register_first(f"needs-retry.dynamodb.{write}", lose)
    return unlucky


@pytest.fixture
def writes(unlucky_client: StreamRegistry) -> Iterator[list[str]]:
    """The names of the writes that reach DynamoDB."""
    seen: list[str] = []

    def note(event_name: str, **_: object) -> None:
        seen.append(event_name.rpartition(".")[2])

    unlucky_client.client.meta.events.register_first("before-send.dynamodb", note)
    yield seen
    unlucky_client.client.meta.events.unregister("before-send.dynamodb", note)


def test_a_registration_whose_answer_was_lost_is_repeated_by_the_sdk_and_has_succeeded(
    table: Table, unlucky_client: StreamRegistry, writes: list[str]
) -> None:
    unlucky_client.register(OWNER, STREAM, "chat-1")
    assert writes == ["PutItem", "PutItem"]
    assert state(table) == "registered"
    with pytest.raises(AlreadyStarted):
        unlucky_client.register(OWNER, STREAM, "chat-1")


@pytest.mark.parametrize(("name", "origin"), [("claim", "registered"), ("end", "running")])
def test_a_step_whose_answer_was_lost_is_repeated_by_the_sdk_and_has_succeeded(
    name: str, origin: Any, table: Table, unlucky_client: StreamRegistry, writes: list[str]
) -> None:
    registry().register(OWNER, STREAM, "chat-1", state=origin)
    step = steps()[name]
    assert step(unlucky_client)
    assert writes == ["UpdateItem", "UpdateItem"]
    assert state(table) == ("running" if name == "claim" else "ended")
    assert not step(unlucky_client), "but a second caller has not"


def test_a_withdrawal_whose_answer_was_lost_is_repeated_by_the_sdk_and_has_succeeded(
    table: Table, unlucky_client: StreamRegistry, writes: list[str]
) -> None:
    register()
    assert unlucky_client.withdraw(OWNER, STREAM)
    assert writes == ["DeleteItem", "DeleteItem"]
    assert table.count() == 0
