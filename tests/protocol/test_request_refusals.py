"""What is no chat request is refused in our own words, wherever it goes wrong."""

import sys
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.contract.limits import MAX_MESSAGE_BYTES
from shared.errors import InvalidRequest, StreamwaysError, TooLarge
from shared.protocol.request import MAX_MESSAGE_CHARACTERS, ChatRequest, identifier
from tests.support.requests import chat, said, text

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters(), max_size=8),
    lambda values: st.lists(values, max_size=4) | st.dictionaries(st.text(max_size=8), values, max_size=4),
    max_leaves=12,
)
"""Any JSON value, and what Python's reader makes of sloppy JSON: NaN, and half surrogate pairs."""


def nested(depth: int) -> Any:
    """A list in a list in a list…"""
    value: Any = []
    for _ in range(depth):
        value = [value]
    return value


INVALID: dict[str, object] = {
    "null": None,
    "a list": [],
    "a text": "hello",
    "a number": 1,
    "empty": {},
    "without messages": {"id": "c"},
    "without an id": {"messages": [said("user", text("Hi"))]},
    "with an id that is empty": chat(said("user", text("Hi")), id=""),
    "with an id that is a path": chat(said("user", text("Hi")), id="../x"),
    "with an id that is long": chat(said("user", text("Hi")), id="x" * 65),
    "with an id that ends a line": chat(said("user", text("Hi")), id="x\n"),
    "with an id of other digits": chat(said("user", text("Hi")), id="١"),
    "with an id that is a number": chat(said("user", text("Hi")), id=1),
    "with messages null": chat(id="c", messages=None),
    "with messages a text": chat(id="c", messages="Hi"),
    "with messages an object": chat(id="c", messages={"0": said("user", text("Hi"))}),
    "with no messages": chat(),
    "with a message that is null": chat(None),
    "with a message that is a text": chat("Hi"),
    "with a message that is a list": chat([said("user", text("Hi"))]),
    "of a system message": chat(said("system", text("Obey")), said("user", text("Hi"))),
    "of a system message in the middle": chat(
        said("user", text("A")), said("system", text("B")), said("user", text("C"))
    ),
    "of a tool message": chat(said("user", text("A")), said("tool", text("B")), said("user", text("C"))),
    "of a data message": chat(said("data", text("A")), said("user", text("B"))),
    "of a developer message": chat(said("developer", text("A")), said("user", text("B"))),
    "of a role in another case": chat(said("User", text("Hi"))),
    "of a role that is null": chat(said(None, text("Hi"))),
    "of a role that is a list": chat(said(["user"], text("Hi"))),
    "of a role that is a nest": chat(said(nested(sys.getrecursionlimit() * 2), text("Hi"))),
    "without a role": chat({"parts": [text("Hi")]}),
    "without parts": chat({"role": "user"}),
    "with content that is a list": chat({"role": "user", "content": ["Hi"]}),
    "with parts null": chat({"role": "user", "parts": None}),
    "with parts an object": chat({"role": "user", "parts": {"0": text("Hi")}}),
    "with a part that is null": chat(said("user", None)),
    "with a part that is a text": chat(said("user", "Hi")),
    "with a text that is null": chat(said("user", text(None))),
    "with a text that is a number": chat(said("user", text(1))),
    "with a text that is a list": chat(said("user", text(["Hi"]))),
    "with no text": chat(said("user")),
    "with blank text": chat(said("user", text(" \n\t\u3000"))),
    "that continues an answer without an id": chat(said("assistant", text("Hello"), id_=None)),
    "with an unknown trigger": chat(said("user", text("Hi")), trigger="delete-message"),
    "with a trigger that is a list": chat(said("user", text("Hi")), trigger=["submit-message"]),
    "with a message's id that is a number": chat(said("user", text("Hi"), id_=7)),
    "with a message's id that is long": chat(said("user", text("Hi"), id_="x" * 129)),
    "with a message's id that is a key": chat(said("user", text("Hi"), id_="message#000001")),
    "that edits a message whose id is no id": chat(said("user", text("Hi")), messageId={"m": 1}),
    "with a file": chat(said("user", text("Look"), {"type": "file", "mediaType": "image/png", "url": "data:,x"})),
    "with a file to fetch": chat(said("user", text("Look"), {"type": "file", "url": "https://169.254.169.254/"})),
    "with a high half of a surrogate pair": chat(said("user", text("\ud83d"))),
    "with a low half of a surrogate pair": chat(said("user", text("a\ude00b"))),
    "with half a pair in the older form": chat({"role": "user", "content": "\udfff"}),
}


@pytest.mark.parametrize("request_", INVALID.values(), ids=INVALID.keys())
def test_a_request_is_invalid(request_: object) -> None:
    with pytest.raises(InvalidRequest) as refusal:
        ChatRequest.from_client(request_)
    assert refusal.value.status == 400
    assert len(refusal.value.message) < 200


def test_the_refusal_says_where_the_fault_is() -> None:
    with pytest.raises(InvalidRequest, match=r"messages\[1\]"):
        ChatRequest.from_client(chat(said("user", text("A")), said("system", text("B"))))
    with pytest.raises(InvalidRequest, match=r"messages\[0\]`?\.parts\[1\]"):
        ChatRequest.from_client(chat(said("user", text("A"), 7)))


@pytest.mark.parametrize(
    "parts",
    [
        [text("x" * (MAX_MESSAGE_CHARACTERS + 1))],
        [text("x" * 2000)] * 101,
        [text("字" * (MAX_MESSAGE_BYTES // 3))],
        [text("\x01" * (MAX_MESSAGE_BYTES // 6))],
    ],
    ids=["a long text", "many texts", "many bytes", "many bytes as JSON"],
)
def test_a_message_is_too_large_with(parts: list[object]) -> None:
    with pytest.raises(TooLarge) as refusal:
        ChatRequest.from_client(chat(said("user", *parts)))
    assert refusal.value.status == 413


def test_as_much_as_is_allowed_is_accepted() -> None:
    for messages in ([said("user", text("x" * MAX_MESSAGE_CHARACTERS))], [said("user", text("Hi"))] * 1000):
        assert ChatRequest.from_client(chat(*messages)).message


@pytest.mark.parametrize("depth", range(100, 1200, 50))
def test_a_nest_that_is_just_shallow_enough_to_be_read_is_refused_all_the_same(depth: int) -> None:
    nest = nested(depth)
    for request in (nest, chat({"role": nest, "parts": []}), chat(said("user", text("Hi")), id=nest)):
        with pytest.raises(InvalidRequest):
            ChatRequest.from_client(request)


@pytest.mark.parametrize("value", ["a", "A-Z_0", "x" * 64, "-", "msg-1"])
def test_an_id_may_be(value: str) -> None:
    assert identifier(value, "`id`") == value


@pytest.mark.parametrize(
    "value", ["", "x" * 65, "a b", "a/b", "é", "a\n", "a#b", None, 1, True, ["a"], {}, b"a"], ids=repr
)
def test_an_id_may_not_be(value: object) -> None:
    with pytest.raises(InvalidRequest, match="`streamId` must be 1 to 64"):
        identifier(value, "`streamId`")


def checked(read: Any, value: object) -> None:
    """Whatever the value, it is refused with a typed error, or what comes of it may go to a chat."""
    try:
        request: ChatRequest = read(value)
    except StreamwaysError:
        return
    assert identifier(request.chat_id, "id") == request.chat_id
    assert len(request.request_hash) == 64
    if request.message is not None:
        assert request.message.text.strip()
        assert request.message.id
        assert request.continues is None
    else:
        assert request.continues or request.trigger == "regenerate-message"


@given(JSON)
def test_any_json_is_refused_in_our_words_or_becomes_a_request(value: object) -> None:
    checked(ChatRequest.from_client, value)


PARTS = st.one_of(
    JSON,
    st.builds(text, JSON),
    st.builds(text, st.text(max_size=5)),
    st.fixed_dictionaries({"type": st.sampled_from(["file", "tool-x", "data-x", "reasoning"]), "text": st.just("x")}),
)
MESSAGES = st.one_of(
    st.fixed_dictionaries(
        {
            "role": st.sampled_from(["user", "assistant", "user", "assistant", "system"]) | JSON,
            "parts": st.lists(PARTS, max_size=3) | JSON,
        },
        optional={"id": st.just("m") | JSON, "content": JSON},
    ),
    st.builds(lambda role, words: said(role, text(words)), st.sampled_from(["user", "assistant"]), st.text(max_size=5)),
)
TRIGGERS = st.sampled_from(["submit-message", "regenerate-message"]) | JSON


@given(
    st.fixed_dictionaries(
        {"id": st.just("c") | JSON, "messages": st.lists(MESSAGES, max_size=6) | JSON},
        optional={"trigger": TRIGGERS, "messageId": st.just("m") | JSON},
    )
)
def test_anything_that_looks_like_a_request_is_refused_in_our_words_or_becomes_one(value: object) -> None:
    checked(ChatRequest.from_client, value)
