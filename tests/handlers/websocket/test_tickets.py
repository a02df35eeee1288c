"""The function that gives tickets, and what the table knows of them."""

import hashlib
import json
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Any

import pytest

from handlers.websocket import store, ticket_store, tickets
from shared.auth.jwks import RETRY_SECONDS
from shared.auth.user import User
from shared.errors import Unauthenticated
from shared.table.client import TableClient
from shared.table.keys import ticket_key
from tests.support import pool
from tests.support.aws import TABLE, Table
from tests.support.claims import WRONG
from tests.support.interference import first_answers_lost, refused
from tests.support.logs import Logs
from tests.support.pool import token, token_with
from tests.support.server import WAIT_SECONDS
from tests.support.services import lambda_context
from tests.support.websocket import World

USER = User("a1b2c3d4", "ada", ("pro",), 4_000_000_000)


def ask(authorization: str | None = None, *, method: str = "POST", path: str = "/") -> dict[str, Any]:
    """A request as a function URL gives it; what it answers with."""
    headers = {"host": "abc.lambda-url.us-east-1.on.aws", "accept": "*/*"}
    if authorization is not None:
        headers["authorization"] = authorization
    event = {
        "version": "2.0",
        "routeKey": "$default",
        "rawPath": path,
        "rawQueryString": "",
        "headers": headers,
        "requestContext": {"http": {"method": method, "path": path}, "requestId": "r"},
        "isBase64Encoded": False,
    }
    return tickets.handler(event, lambda_context())  # pyright: ignore


def error(response: dict[str, Any]) -> dict[str, Any]:
    return json.loads(response["body"])["error"]


def at(seconds: float) -> Callable[[], float]:
    return lambda: seconds


@pytest.mark.parametrize("scheme", ["Bearer", "bearer", "BEARER"])
def test_an_access_token_gets_a_ticket_for_half_a_minute(scheme: str, world: World) -> None:  # noqa: ARG001
    response = ask(f"{scheme} {token()}")
    assert response["statusCode"] == 200
    assert response["headers"] == {"content-type": "application/json", "cache-control": "no-store"}
    given = json.loads(response["body"])
    assert (given.keys(), given["expiresIn"]) == ({"ticket", "expiresIn"}, 30)
    user = ticket_store.redeem(given["ticket"])
    assert (user.sub, user.username, user.groups) == ("a1b2c3d4", "ada", ("pro",))


def test_a_ticket_lives_no_longer_than_its_token(world: World) -> None:  # noqa: ARG001
    expires = int(time.time()) + 10
    assert json.loads(ask(f"Bearer {token(exp=expires)}")["body"])["expiresIn"] <= 10


def test_two_tickets_are_never_the_same_and_cannot_be_guessed(world: World) -> None:  # noqa: ARG001
    given = [json.loads(ask(f"Bearer {token()}")["body"])["ticket"] for _ in range(3)]
    assert len(set(given)) == 3
    assert min(map(len, given)) * 6 >= 256


REFUSED: dict[str, str | None] = {
    "nothing": None,
    "an empty header": "",
    "a scheme alone": "Bearer ",
    "another scheme": "Basic YWRhOnB3",
    "a bare token": token(),
    "nonsense": "Bearer nonsense",
    "an expired token": f"Bearer {token(exp=1)}",
    "a foreign token": f"Bearer {token(key=pool.OTHER_KEY)}",
    "an ID token": f"Bearer {token(token_use='id')}",
    "the token of another client": f"Bearer {token(client_id='another')}",
    "a ticket": f"Bearer {'x' * 43}",
}


@pytest.mark.parametrize("authorization", REFUSED.values(), ids=REFUSED.keys())
def test_no_ticket_for(authorization: str | None, world: World, table: Table) -> None:  # noqa: ARG001
    response = ask(authorization)
    assert (response["statusCode"], error(response)["code"]) == (401, "unauthenticated")
    assert response["headers"]["www-authenticate"] == "Bearer"
    assert table.count() == 0


@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "DELETE", "PATCH"])
def test_a_ticket_is_made_by_post_alone(method: str, world: World, table: Table) -> None:  # noqa: ARG001
    response = ask(f"Bearer {token()}", method=method)
    assert (response["statusCode"], response["headers"]["allow"]) == (405, "POST")
    assert table.count() == 0


@pytest.mark.parametrize("path", ["/ticket", "//", "/../", "/healthz"])
def test_nothing_else_is_served(path: str, world: World) -> None:  # noqa: ARG001
    response = ask(f"Bearer {token()}", path=path)
    assert (response["statusCode"], error(response)["code"]) == (404, "not_found")


def test_a_table_that_fails_is_our_fault_and_says_nothing_of_itself(world: World, table: Table, logs: Logs) -> None:  # noqa: ARG001
    table.delete()
    response = ask(f"Bearer {token()}")
    assert (response["statusCode"], error(response)["code"]) == (500, "internal")
    assert "ResourceNotFound" not in response["body"]
    assert "ResourceNotFound" in logs.text


def test_an_event_that_is_no_request_is_answered_too(world: World) -> None:  # noqa: ARG001
    assert tickets.handler({}, lambda_context())["statusCode"] == 500  # pyright: ignore


def test_keys_that_cannot_be_had_are_told_with_the_time_after_which_to_try_again(world: World) -> None:
    tickets.verifier.cache_clear()
    world.pool.down = True
    try:
        response = ask(f"Bearer {token()}")
    finally:
        world.pool.down = False
        tickets.verifier.cache_clear()  # this one will not ask again at once
    assert (response["statusCode"], error(response)["code"]) == (503, "internal")
    assert response["headers"]["retry-after"] == str(error(response)["retryAfter"]) == str(RETRY_SECONDS)


@pytest.mark.usefixtures("impatient")
def test_a_table_that_is_busy_is_told_with_the_time_after_which_to_try_again(world: World) -> None:  # noqa: ARG001
    with refused(store.table().client, "PutItem", "ThrottlingException"):
        response = ask(f"Bearer {token()}")
    assert (response["statusCode"], response["headers"]["retry-after"]) == (503, "1")


def test_neither_token_nor_ticket_is_logged_or_stored(world: World, table: Table, logs: Logs) -> None:  # noqa: ARG001
    good = token()
    given = json.loads(ask(f"Bearer {good}")["body"])["ticket"]
    ask(f"Bearer {good}x")
    item = TableClient(TABLE).get(ticket_key(hashlib.sha256(given.encode()).hexdigest()))
    assert item is not None
    assert given not in str(item)
    assert not any(secret in logs.text for secret in (given, *good.split(".")))


def test_a_ticket_is_redeemed_once(table: Table, world: World) -> None:  # noqa: ARG001
    ticket, _ = ticket_store.issue(USER)
    assert ticket_store.redeem(ticket) == USER
    with pytest.raises(Unauthenticated):
        ticket_store.redeem(ticket)
    [item] = table.items("ticket#")
    assert item["expiresAt"] <= time.time() + ticket_store.TICKET_SECONDS, "DynamoDB deletes it, some time later"


@pytest.mark.usefixtures("world", "table")
def test_a_redemption_whose_answer_was_lost_is_repeated_and_has_succeeded() -> None:
    ticket, _ = ticket_store.issue(USER)
    with first_answers_lost(store.table().client, "UpdateItem"):
        assert ticket_store.redeem(ticket) == USER
    with pytest.raises(Unauthenticated):
        ticket_store.redeem(ticket)


@pytest.mark.usefixtures("world", "table")
def test_of_a_hundred_who_redeem_a_ticket_at_once_one_is_let_in() -> None:
    ticket, _ = ticket_store.issue(USER)
    together = threading.Barrier(100)

    def redeem(_: int) -> bool:
        together.wait(WAIT_SECONDS)
        with suppress(Unauthenticated):
            return ticket_store.redeem(ticket) == USER
        return False

    with ThreadPoolExecutor(100) as threads:
        assert sum(threads.map(redeem, range(100))) == 1


def test_what_is_no_ticket_leaves_nothing_in_the_table(table: Table, world: World) -> None:  # noqa: ARG001
    with pytest.raises(Unauthenticated):
        ticket_store.redeem("x" * 43)
    assert table.count() == 0


def test_a_ticket_that_dynamodb_has_not_yet_deleted_is_too_old_all_the_same(
    world: World,  # noqa: ARG001
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    now = time.time()
    monkeypatch.setattr(ticket_store.time, "time", at(now - 60))
    ticket, seconds = ticket_store.issue(USER)
    monkeypatch.setattr(ticket_store.time, "time", at(now - 60 + seconds - 1))
    other, _ = ticket_store.issue(USER)
    assert ticket_store.redeem(ticket) == USER
    monkeypatch.setattr(ticket_store.time, "time", at(now))
    with pytest.raises(Unauthenticated):
        ticket_store.redeem(other)


@pytest.mark.parametrize("ticket", ["", "x", "x" * 43, "x" * 44, "\ud800" * 43, "é" * 43, "../" * 14 + "x", "\n" * 43])
def test_what_is_no_ticket_of_ours_is_refused(ticket: str, world: World) -> None:  # noqa: ARG001
    with pytest.raises(Unauthenticated):
        ticket_store.redeem(ticket)


def test_no_ticket_is_given_for_a_token_whatever_claim_of_it_is_wrong(
    world: World,  # noqa: ARG001
    table: Table,
) -> None:
    for what, changes in WRONG.items():
        response = ask(f"Bearer {token_with(changes)}")
        assert (response["statusCode"], error(response)["code"]) == (401, "unauthenticated"), what
    assert table.count() == 0
