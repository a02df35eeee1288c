"""What may come between a function and DynamoDB: another writer at the worst moment, a lost answer, a refusal."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import SimpleNamespace
from typing import Any

import pytest
from botocore.exceptions import ReadTimeoutError


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody waits for the table: what has failed has failed."""
    monkeypatch.setattr("shared.table.patience.PATIENCE_SECONDS", 0.0)
    monkeypatch.setattr("shared.table.patience.RACE_SECONDS", 0.0)


@contextmanager
def sent(client: Any) -> Iterator[list[str]]:
    """The names of the requests that go to DynamoDB."""
    names: list[str] = []

    def note(event_name: str, **_: object) -> None:
        names.append(event_name.rpartition(".")[2])

    with _heard(client, "before-send.dynamodb", note):
        yield names


@contextmanager
def noted(client: Any, operation: str) -> Iterator[list[dict[str, Any]]]:
    """What the calls of this operation ask for: they may be made again, as by a network that brings them late."""
    asked: list[dict[str, Any]] = []

    def note(params: dict[str, Any], **_: object) -> None:
        asked.append(dict(params))

    with _heard(client, f"before-parameter-build.dynamodb.{operation}", note):
        yield asked


@contextmanager
def just_before(client: Any, operation: str, *acts: Callable[[], object]) -> Iterator[None]:
    """Does the first before the next call of this operation, the second before the one after it, and so on."""
    left = list(acts)

    def act(**_: object) -> None:
        if left:
            left.pop(0)()

    with _heard(client, f"before-call.dynamodb.{operation}", act):
        yield
    assert not left, f"{len(left)} of the calls of {operation} were not made"


@contextmanager
def before_request(client: Any, number: int, act: Callable[[], object]) -> Iterator[None]:
    """Does this before the request of this number, from 0, if there are so many."""
    left = number

    def count(**_: object) -> None:
        nonlocal left
        left -= 1
        if left == -1:
            act()

    with _heard(client, "before-call.dynamodb", count):
        yield


@contextmanager
def first_answers_lost(client: Any, *operations: str) -> Iterator[None]:
    """The first answer to each of these operations is lost after DynamoDB has written."""
    lost: set[str] = set()

    def lose(event_name: str, **_: object) -> None:
        operation = event_name.rpartition(".")[2]
        if operation in operations and operation not in lost:
            lost.add(operation)
            raise ReadTimeoutError(endpoint_url="https://dynamodb.example")

    with _heard(client, "response-received.dynamodb", lose):
        yield
    assert lost == set(operations)


@contextmanager
def refused(client: Any, operation: str, *codes: str, times: int | None = None) -> Iterator[None]:
    """The first calls of this operation, or all, are refused: `codes` are the reasons of a cancelled transaction, write
    by write, or the one error of a single request."""
    if operation == "TransactWriteItems":
        reasons = [{"Code": code} for code in codes]
        answer = {"Error": {"Code": "TransactionCanceledException"}, "CancellationReasons": reasons}
    else:
        [code] = codes
        answer = {"Error": {"Code": code}}
    with answered_with(client, operation, answer, times=times, status=400):
        yield


@contextmanager
def answered_with(
    client: Any, operation: str, answer: dict[str, Any], *, times: int | None = None, status: int = 200
) -> Iterator[None]:
    """The first calls of this operation, or all, do not reach DynamoDB, and this is what the caller is told."""
    told = 0

    def tell(**_: object) -> tuple[Any, dict[str, Any]] | None:
        nonlocal told
        if told == times:
            return None
        told += 1
        return SimpleNamespace(status_code=status), answer

    with _heard(client, f"before-call.dynamodb.{operation}", tell):
        yield
    assert told == (times or max(1, told)), f"{told} of the calls of {operation} were made"


@contextmanager
def _heard(client: Any, event: str, handler: Callable[..., object]) -> Iterator[None]:
    client.meta.events.register_first(event, handler)
    try:
        yield
    finally:
        client.meta.events.unregister(event, handler)
