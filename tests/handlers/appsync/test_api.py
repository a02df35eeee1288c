"""Who may ask the function behind the fields, and how it refuses: as data, whatever the field."""

import json
import time
from typing import Any

import pytest

from handlers.appsync import api
from handlers.appsync.fields import FIELDS
from tests.support.appsync import World, ask
from tests.support.aws import Table
from tests.support.claims import WRONG
from tests.support.logs import Logs
from tests.support.services import lambda_context
from tests.support.starts import CHAT, PROMPT, STREAM, said

ARGUMENTS: dict[str, Any] = {
    "streamId": STREAM,
    "chatId": CHAT,
    "id": CHAT,
    "messages": json.dumps([said(PROMPT)]),
    "title": "A title",
    "sub": "bob",
    "messageId": "m-1",
    "rating": "up",
}
"""What each field needs, and more."""
SOON = int(time.time()) + 3600


@pytest.mark.parametrize("field", FIELDS)
def test_a_token_that_is_not_for_us_is_refused(field: str, world: World, table: Table) -> None:
    answer = ask(field, ARGUMENTS, claims={"client_id": "another"})
    assert answer.keys() == {"error"}
    assert answer["error"]["code"] == "unauthenticated"
    assert world.lambda_service.events == []
    assert table.count() == 0


@pytest.mark.usefixtures("world")
def test_a_token_is_refused_whatever_claim_of_it_is_wrong() -> None:
    for what, changes in WRONG.items():
        assert ask("viewer", claims=changes).get("error", {}).get("code") == "unauthenticated", what


@pytest.mark.usefixtures("world")
def test_the_viewer_is_who_the_token_speaks_for() -> None:
    assert ask("viewer", user="ada")["result"] == {"sub": "ada", "username": "ada.l", "groups": []}
    assert ask("viewer", claims={"cognito:groups": ["pro"]})["result"]["groups"] == ["pro"]


@pytest.mark.parametrize("field", sorted(set(FIELDS) - {"chats", "invitations", "limits", "viewer"}))
@pytest.mark.parametrize("value", [None, "", "a b", "a#b", "a" * 65, "ä", "../x", 5, ["s"], {"S": "s"}], ids=str)
@pytest.mark.usefixtures("world")
def test_an_id_that_is_none_is_refused(field: str, value: object, table: Table) -> None:
    answer = ask(field, {**ARGUMENTS, "streamId": value, "chatId": value, "id": value})
    assert answer["error"]["code"] == "invalid_request"
    assert table.count() == 0


@pytest.mark.parametrize("field", sorted(set(FIELDS) - {"viewer"}))
@pytest.mark.usefixtures("world")
def test_a_fault_of_ours_is_data_too_and_says_nothing_of_itself(field: str, table: Table, logs: Logs) -> None:
    table.delete()
    error = ask(field, ARGUMENTS)["error"]
    assert error["code"] == "internal"
    assert "ResourceNotFound" not in error["message"]
    [line] = logs.lines("a request failed")
    assert "ResourceNotFound" in line["exception"]
    assert (line["field"], line["correlation_id"]) == (field, "gql-1")
    assert PROMPT not in logs.text


@pytest.mark.parametrize(
    "event",
    [
        {},
        {"field": "viewers", "claims": {}, "arguments": {}},
        {"field": None, "claims": {}, "arguments": {}},
        {"field": "chats", "claims": None, "arguments": {}, "requestId": None},
        {"field": "chats", "claims": {"token_use": "access", "client_id": "4u3client", "sub": "a", "exp": SOON}},
    ],
)
def test_an_event_that_is_not_as_it_should_be_is_our_fault(event: dict[str, Any], world: World) -> None:
    answer: Any = api.handler(event, lambda_context())  # pyright: ignore
    assert answer["error"]["code"] == "internal"
    assert world.lambda_service.events == []
