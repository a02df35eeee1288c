"""`authorize` is asked for a bounded time, and whatever goes wrong there refuses the request."""

import time
from collections.abc import Callable, Mapping

import pytest

from shared.auth.guard import guard
from shared.errors import NotFound, StreamwaysError
from tests.support import authorization
from tests.support.authorization import NOTEBOOK_CHAT, OF_THE_EXAMPLE, WRONG, Hook, example_for

hooked = authorization.hooked


def test_a_copy_that_changes_nothing_lets_every_request_pass() -> None:
    guard("ada", "chat-1", {"anything": [1]})


@pytest.mark.parametrize(("hook", "code"), WRONG.values(), ids=WRONG.keys())
def test_a_request_is_refused_unless_authorize_returns_nothing(
    hooked: Callable[[Hook], None], hook: Hook, code: str
) -> None:
    hooked(hook)
    began = time.monotonic()
    with pytest.raises(StreamwaysError) as refusal:
        guard("ada", "chat-1", {})
    assert refusal.value.code == code
    assert time.monotonic() - began < 5


def test_authorize_sees_the_chat_and_what_the_client_adds_and_nothing_that_users_say(
    hooked: Callable[[Hook], None],
) -> None:
    seen: list[tuple[str, Mapping[str, object]]] = []
    hooked(lambda user, body: seen.append((user, body)))
    guard("ada", "chat-1", {"id": "forged", "messages": ["secret"], "trigger": "t", "messageId": "m", "notebookId": 1})
    assert seen == [("ada", {"notebookId": 1, "id": "chat-1"})]


@pytest.mark.parametrize(("fields", "code"), OF_THE_EXAMPLE.values(), ids=OF_THE_EXAMPLE.keys())
def test_the_example_knows_whose_notebook_it_is(
    hooked: Callable[[Hook], None], fields: Mapping[str, object], code: str | None
) -> None:
    hooked(example_for("ada"))
    if code is None:
        guard("ada", NOTEBOOK_CHAT, fields)
    else:
        with pytest.raises(StreamwaysError) as refusal:
            guard("ada", NOTEBOOK_CHAT, fields)
        assert refusal.value.code == code


def test_the_example_opens_no_chat_of_another_notebook(hooked: Callable[[Hook], None]) -> None:
    hooked(example_for("ada"))
    with pytest.raises(NotFound):
        guard("ada", "nb-salaries_1", {"notebookId": "nb-roadmap"})
