"""A page that is reloaded: it loads the chat, shows it, and resumes what is still being written.

Stock chats in Node over each architecture, against a real sandbox.
"""

import secrets
from typing import Any

import pytest

from tests.support.questions import SLOW, answer, prompt
from tests.support.sandbox import RunningSandbox
from tests.support.stock import StockClient, text_of

each_transport = pytest.mark.parametrize("transport", ["http", "websocket", "appsync"])
MEDIUM = {**SLOW, "tokensPerSecond": 150}
RELOAD = ({"as": "reloaded", "load": True}, {"as": "reloaded", "resume": True}, {"as": "reloaded", "done": True})


def new_chat() -> str:
    return f"chat-{secrets.token_hex(8)}"


def said(messages: list[dict[str, Any]]) -> list[tuple[str, str]]:
    return [(message["role"], text_of(message)) for message in messages]


@each_transport
def test_a_reload_in_the_middle_of_an_answer_shows_question_and_answer_once(
    stock: StockClient, sandbox: RunningSandbox, stack: dict[str, object], transport: str
) -> None:
    sandbox.control("PUT", "/model/fault", MEDIUM)
    first, second = prompt(), prompt()
    *_, reloaded = stock.talk(
        transport,
        stack,
        *({"send": first}, {"done": True}),
        *({"send": second}, {"text": 10}, {"close": True}),
        *RELOAD,
    )
    asked = [("user", first), ("assistant", answer(first)), ("user", second), ("assistant", answer(second))]
    assert said(reloaded["messages"]) == asked
    assert (reloaded["status"], reloaded["error"]) == ("ready", None)


@each_transport
def test_a_reload_while_an_answer_is_given_anew_shows_the_new_one(
    stock: StockClient, sandbox: RunningSandbox, stack: dict[str, object], transport: str
) -> None:
    sandbox.control("PUT", "/model/fault", MEDIUM)
    asked = prompt()
    first, reloaded = stock.talk(
        transport,
        stack,
        *({"send": asked}, {"done": True}, {"regenerate": True}, {"text": 10}, {"close": True}),
        *RELOAD,
    )
    assert said(reloaded["messages"]) == [("user", asked), ("assistant", answer(asked))]
    assert reloaded["message"]["id"] != first["message"]["id"]


@each_transport
def test_a_reload_while_an_answer_is_continued_shows_both_halves_once(
    stock: StockClient, sandbox: RunningSandbox, stack: dict[str, object], transport: str
) -> None:
    """The history has the first half, and the replay repeats it: they are one message."""
    sandbox.control("PUT", "/model/fault", {"fault": "cut", "afterTokens": 10})
    asked = prompt()
    broken, whole, reloaded = stock.talk(
        transport,
        stack,
        *({"send": asked}, {"done": True}),
        *({"continue": True}, {"more": 10}, *RELOAD[:2], {"done": True}, RELOAD[2]),
    )
    assert len(text_of(whole["message"])) > len(text_of(broken["message"]))
    assert said(reloaded["messages"]) == [("user", asked), ("assistant", text_of(whole["message"]))]
    assert reloaded["message"]["id"] == whole["message"]["id"]


@each_transport
def test_a_chat_of_the_past_is_loaded_as_it_was_shown(
    stock: StockClient, stack: dict[str, object], transport: str
) -> None:
    chat = new_chat()
    [turn] = stock.talk(transport, stack, {"send": prompt()}, {"done": True}, chat_id=chat)
    messages, error = stock.load(transport, stack, chat)
    assert error is None
    assert [message["id"] for message in messages] == [message["id"] for message in turn["messages"]]
    assert said(messages) == said(turn["messages"])
    shown = {key: value for key, value in turn["message"]["metadata"].items() if key != "timings"}
    assert messages[1]["metadata"] == {**shown, "rating": None}


@each_transport
def test_a_chat_without_messages_and_one_of_others_are_empty(
    stock: StockClient, sandbox: RunningSandbox, stack: dict[str, object], transport: str
) -> None:
    chat = new_chat()
    assert stock.load(transport, stack, chat) == ([], None)
    stock.talk("http", {**stack, "token": sandbox.token("pro")}, {"send": prompt()}, {"done": True}, chat_id=chat)
    assert stock.load(transport, stack, chat) == ([], None)


@each_transport
@pytest.mark.parametrize(
    ("given", "code"), [({"token": "expired"}, "unauthenticated"), ({"chatId": "no id"}, "invalid_request")]
)
def test_a_refusal_to_load_has_its_code(
    stock: StockClient, stack: dict[str, object], transport: str, given: dict[str, str], code: str
) -> None:
    messages, error = stock.load(transport, {**stack, **given}, given.get("chatId", new_chat()))
    assert messages == []
    assert error is not None
    assert (error["name"], error["code"]) == ("Refusal", code)
    assert not error["message"].startswith("{"), "a text for people"


@each_transport
def test_a_chat_that_no_frame_has_room_for_is_loaded_whole(
    stock: StockClient, stack: dict[str, object], transport: str
) -> None:
    """Several slices, and a message that is cut into pieces; its characters have two and more bytes."""
    chat = new_chat()
    long = [f"{prompt()} {sign * length}." for sign, length in (("ä", 30_000), ("\n", 20_000), ("𝄞", 50_000))]
    asked = [step for text in long for step in ({"send": text}, {"done": True})]
    turn = stock.talk("http", stack, *asked, chat_id=chat)[-1]
    messages, error = stock.load(transport, stack, chat)
    assert error is None
    assert said(messages) == said(turn["messages"])
    whole = [[{"type": "text", "text": text}] for text in long]
    assert [message["parts"] for message in messages if message["role"] == "user"] == whole
    assert [message["id"] for message in messages] == [message["id"] for message in turn["messages"]]
