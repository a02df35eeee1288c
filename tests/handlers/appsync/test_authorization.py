"""What a field names beside the chat is authorised before anything is read, written or generated."""

import json
from collections.abc import Callable, Mapping
from typing import Any

import pytest

from tests.support import authorization
from tests.support.appsync import World, ask
from tests.support.authorization import NOTEBOOK_CHAT, OF_THE_EXAMPLE, WRONG, Hook, example_for
from tests.support.aws import Table
from tests.support.starts import OWNER, PROMPT, STREAM, said

hooked = authorization.hooked
START: dict[str, Any] = {
    "streamId": STREAM,
    "chatId": NOTEBOOK_CHAT,
    "messages": json.dumps([said(PROMPT, "m-1")]),
}
FIELDS: Mapping[str, Mapping[str, Any]] = {
    "startStream": START,
    "activeStream": {"chatId": NOTEBOOK_CHAT},
    "parts": {"streamId": STREAM},
    "chat": {"id": NOTEBOOK_CHAT},
}


def code_of(answer: Mapping[str, Any]) -> str | None:
    return answer["error"]["code"] if "error" in answer else None


@pytest.mark.parametrize(("hook", "code"), WRONG.values(), ids=WRONG.keys())
def test_nothing_is_touched_for_a_field_that_is_refused(
    world: World, table: Table, hooked: Callable[[Hook], None], hook: Hook, code: str
) -> None:
    hooked(hook)
    for field in ("startStream", "activeStream", "chat"):
        assert code_of(ask(field, dict(FIELDS[field]))) == code
    assert table.items() == []
    assert world.lambda_service.events == []


@pytest.mark.usefixtures("world")
@pytest.mark.parametrize(("fields", "code"), OF_THE_EXAMPLE.values(), ids=OF_THE_EXAMPLE.keys())
def test_the_notebook_is_named_in_the_argument_body(
    hooked: Callable[[Hook], None], fields: Mapping[str, object], code: str | None
) -> None:
    assert code_of(ask("startStream", dict(START))) is None
    hooked(example_for(OWNER))
    for field, arguments in FIELDS.items():
        assert code_of(ask(field, {**arguments, "body": json.dumps(fields)})) == code, field


@pytest.mark.usefixtures("world")
@pytest.mark.parametrize("body", ["", "[]", "1", "{", '{"a": 1, "a": 2}', 7])
def test_a_body_that_is_no_json_object_is_refused(body: object) -> None:
    assert code_of(ask("startStream", {**START, "body": body})) == "invalid_request"
