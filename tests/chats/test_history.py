"""What a request makes of a history: where it is cut, what is said, where the answer goes, and what the model hears."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.chats.history import (
    CONTINUE,
    MAX_PROMPT_BYTES,
    MAX_PROMPT_CHARACTERS,
    MAX_PROMPT_MESSAGES,
    StoredMessage,
    Turn,
    next_turn,
)
from shared.errors import InvalidRequest, TooLarge
from shared.protocol.request import ChatRequest, Message, json_bytes
from tests.support.requests import chat, said, text

STREAM = "s-9"


def history(*texts: str) -> list[StoredMessage]:
    """What was said by turns, the user first; the ids are `m-0`, `m-1`, …"""
    return [
        StoredMessage(index, f"m-{index}", "assistant" if index % 2 else "user", words, 1, True)
        for index, words in enumerate(texts)
    ]


def request(words: str = "New", id_: str | None = "m-new", **changes: object) -> ChatRequest:
    return ChatRequest.from_client(chat(said("user", text(words), id_=id_), **changes))


def regeneration(last: str | None = None, message_id: str | None = None) -> ChatRequest:
    return request("of the client", last, trigger="regenerate-message", messageId=message_id)


def continuation(answer_id: str) -> ChatRequest:
    return ChatRequest.from_client(chat(said("assistant", text("of the client"), id_=answer_id)))


def turn(asked: ChatRequest, messages: list[StoredMessage]) -> Turn:
    return next_turn(asked, STREAM, len(messages), reversed(messages))


def heard(of: Turn) -> list[str]:
    return [message.text for message in of.prompt]


TALK = history("One", "1", "Two", "2")


def test_the_first_message_begins_the_history() -> None:
    first = turn(request("Hi"), [])
    assert first.said is not None
    assert (first.said.id, first.answer_index, first.answer_id) == ("m-new", 1, "msg-s-9")
    assert first.prompt == (Message("user", "Hi"),)


def test_a_new_message_goes_to_the_end_and_the_answer_after_it() -> None:
    new = turn(request(), TALK)
    assert new.said is not None
    assert (new.said.id, new.answer_index, new.held_parts) == ("m-new", 5, None)
    assert heard(new) == ["One", "1", "Two", "2", "New"]
    assert [message.role for message in new.prompt] == ["user", "assistant", "user", "assistant", "user"]


def test_an_edit_cuts_at_the_message_and_replaces_it() -> None:
    edited = turn(request(messageId="m-0"), TALK)
    assert edited.said is not None
    assert (edited.said.text, edited.answer_index) == ("New", 1)
    assert heard(edited) == ["New"]
    assert heard(turn(request(messageId="m-2"), TALK)) == ["One", "1", "New"]


@pytest.mark.parametrize("unknown", ["m-77", "m-1"], ids=["unknown", "the assistant's"])
def test_a_message_that_names_no_message_of_the_user_is_new(unknown: str) -> None:
    assert turn(request(messageId=unknown), TALK).answer_index == 5


def test_the_last_message_that_is_sent_again_is_replaced_and_not_doubled() -> None:
    again = turn(request("Two", "m-2"), TALK)
    assert again.said is not None
    assert (again.said.id, again.answer_index) == ("m-2", 3)
    assert heard(again) == ["One", "1", "Two"]


@pytest.mark.parametrize("taken", ["m-0", "m-1", "m-3"])
def test_a_new_message_under_an_id_that_is_taken_is_given_another_and_cuts_nothing(taken: str) -> None:
    new = turn(request("New", taken), TALK)
    assert new.said is not None
    assert new.said.id not in {message.id for message in TALK}
    assert new.answer_index == 5


@pytest.mark.parametrize(
    ("asked", "answer_index"),
    [
        (regeneration(), 3),
        (regeneration(message_id="m-3"), 3),
        (regeneration(message_id="m-2"), 3),
        (regeneration(message_id="m-1"), 1),
        (regeneration(message_id="m-0"), 1),
        (regeneration(last="m-2"), 3),
        (regeneration(last="m-0"), 1),
    ],
    ids=[
        "the last",
        "the last answer",
        "the last question",
        "an answer",
        "a question",
        "what the client has last",
        "what the client has last, long ago",
    ],
)
def test_an_answer_anew_is_to_what_the_server_holds(asked: ChatRequest, answer_index: int) -> None:
    anew = turn(asked, TALK)
    assert (anew.said, anew.answer_index, anew.answer_id) == (None, answer_index, "msg-s-9")
    assert heard(anew) == [message.text for message in TALK[:answer_index]]


def test_a_message_that_never_arrived_is_taken_from_the_regeneration_that_repeats_it() -> None:
    for asked in (regeneration(last="m-new"), regeneration(last="m-new", message_id="m-new")):
        retried = turn(asked, TALK)
        assert retried.said is not None
        assert (retried.said.id, retried.answer_index) == ("m-new", 5)


def test_the_answer_to_a_question_that_has_none_yet_is_appended() -> None:
    assert turn(regeneration(), TALK[:3]).answer_index == 3


@pytest.mark.parametrize(
    ("asked", "messages"),
    [
        (regeneration(message_id="m-77"), TALK),
        (regeneration(message_id="m-77", last="m-0"), TALK),
        (regeneration(), []),
        (continuation("m-77"), TALK),
        (continuation("m-1"), TALK),
        (continuation("m-1"), []),
        (continuation("m-2"), TALK[:3]),
        (continuation("m-3"), [*TALK[:3], replace(TALK[3], done=False)]),
    ],
    ids=[
        "anew: an unknown message",
        "anew: an unknown message beside a known one",
        "anew: nothing",
        "on: an unknown answer",
        "on: an earlier answer",
        "on: nothing",
        "on: a question",
        "on: an answer that is being written",
    ],
)
def test_there_is_no_turn_for(asked: ChatRequest, messages: list[StoredMessage]) -> None:
    with pytest.raises(InvalidRequest) as refusal:
        turn(asked, messages)
    assert refusal.value.status == 400


def test_an_answer_whose_stream_has_the_id_of_another_is_given_an_id_of_its_own() -> None:
    messages = [*TALK[:3], replace(TALK[3], id=f"msg-{STREAM}")]
    new, anew = turn(request(), messages), turn(regeneration(), messages)
    assert new.answer_id != f"msg-{STREAM}"
    assert len(new.answer_id) <= 128
    assert anew.answer_id == f"msg-{STREAM}", "it takes the other's place"


def test_a_continuation_writes_on_at_the_last_answer() -> None:
    on = turn(continuation("m-3"), TALK)
    assert (on.said, on.answer_index, on.answer_id, on.held_parts) == (None, 3, "m-3", 1)
    assert heard(on) == ["One", "1", "Two", "2", CONTINUE]


def test_an_answer_that_has_not_begun_is_continued_by_asking_again() -> None:
    on = turn(continuation("m-3"), history("One", "1", "Two", ""))
    assert (on.answer_index, heard(on)) == (3, ["One", "1", "Two"])


@pytest.mark.parametrize(
    "messages",
    [
        history("x" * 190_000, "y" * 20_000),
        history("One", "1", "x" * 190_000, "y" * 20_000),
        history("Two", "y" * (MAX_PROMPT_CHARACTERS + 1)),
        history("One", "1", "Two", "y" * MAX_PROMPT_CHARACTERS),
        history("x" * 100, "\x01" * (MAX_PROMPT_BYTES // 6)),
    ],
    ids=["both", "both after others", "the answer", "the answer with what asks for more", "bytes as JSON"],
)
def test_an_answer_that_fits_into_no_prompt_with_its_question_is_not_continued(messages: list[StoredMessage]) -> None:
    with pytest.raises(TooLarge, match="to be continued: a prompt holds 200000 characters") as refusal:
        turn(continuation(messages[-1].id), messages)
    assert refusal.value.status == 413


def test_an_answer_that_just_fits_with_its_question_is_continued() -> None:
    question = "x" * (MAX_PROMPT_CHARACTERS - len(CONTINUE) - 10)
    on = turn(continuation("m-3"), history("One", "1", question, "y" * 10))
    assert heard(on) == [question, "y" * 10, CONTINUE]


@pytest.mark.parametrize("blank", ["\n\n", " ", "\t\u3000\n"])
def test_an_answer_of_white_space_is_not_heard_and_is_continued_by_asking_again(blank: str) -> None:
    messages = history("One", blank, "Two", blank)
    assert heard(turn(request(), messages)) == ["One\n\nTwo\n\nNew"]
    assert heard(turn(regeneration(), messages)) == ["One\n\nTwo"]
    assert heard(turn(continuation("m-3"), messages)) == ["One\n\nTwo"]


def test_answers_without_text_are_not_heard_and_questions_beside_each_other_become_one() -> None:
    assert heard(turn(request(), history("One", "", "Two", ""))) == ["One\n\nTwo\n\nNew"]


def test_only_texts_of_stored_messages_are_heard() -> None:
    item: dict[str, Any] = {"sk": "message#000041", "id": "m", "role": "assistant", "state": "done"}
    parts = [{"type": "reasoning", "text": "SECRET"}, {"type": "text", "text": "He"}, {"type": "text", "text": "llo"}]
    assert StoredMessage.of({**item, "parts": parts}) == StoredMessage(41, "m", "assistant", "Hello", len(parts), True)


def long(count: int, words: str) -> list[StoredMessage]:
    return history(*[words] * count)


@pytest.mark.parametrize(
    "messages",
    [
        long(MAX_PROMPT_MESSAGES + 100, "x"),
        long(100, "x" * 20_000),
        long(100, "\x01" * 15_000),
        history("x" * (MAX_PROMPT_CHARACTERS + 1), "1", "Two", "2"),
    ],
    ids=["many messages", "many characters", "many bytes as JSON", "a huge message"],
)
def test_the_oldest_messages_of_a_long_chat_are_not_heard(messages: list[StoredMessage]) -> None:
    new = turn(request(), messages)
    assert heard(new)[-1] == "New"
    assert 1 < len(new.prompt) < len(messages)
    assert len(new.prompt) <= MAX_PROMPT_MESSAGES
    assert sum(map(len, heard(new))) <= MAX_PROMPT_CHARACTERS
    assert sum(map(json_bytes, heard(new))) <= MAX_PROMPT_BYTES
    assert new.prompt[0].role == "user"


def test_no_more_is_read_of_a_long_chat_than_its_prompt_takes() -> None:
    read = 0

    def newest_first() -> Iterator[StoredMessage]:
        nonlocal read
        for message in reversed(long(10_000, "x")):
            read += 1
            yield message

    for asked in (request(), regeneration(), continuation("m-9999")):
        read = 0
        next_turn(asked, STREAM, 10_000, newest_first())
        assert read <= MAX_PROMPT_MESSAGES + 2


LENGTHS = {"most of a prompt": MAX_PROMPT_CHARACTERS * 3 // 4, "more than a prompt": MAX_PROMPT_CHARACTERS + 1}
WORDS = st.sampled_from(["", "x", "yy", "\n\n", *LENGTHS])
KEPT_IDS = st.none() | st.sampled_from([f"m-{index}" for index in range(8)] + ["m-77", f"msg-{STREAM}"])
REQUESTS = st.one_of(
    st.builds(lambda words, id_, target: request(words, id_, messageId=target), st.just("New"), KEPT_IDS, KEPT_IDS),
    st.builds(regeneration, KEPT_IDS, KEPT_IDS),
    st.builds(continuation, KEPT_IDS.map(lambda id_: id_ or "m-0")),
)


def spoken(words: str) -> str:
    """Long texts are drawn by what they are: an example must stay short enough to be shown."""
    return "z" * LENGTHS[words] if words in LENGTHS else words


@given(REQUESTS, st.lists(WORDS, max_size=8), st.lists(st.booleans(), min_size=8, max_size=8))
def test_any_request_to_any_history_is_refused_or_becomes_a_turn(
    asked: ChatRequest, texts: list[str], swapped: list[bool]
) -> None:
    messages = [
        replace(message, role="user" if by_user else "assistant")
        for message, by_user in zip(history(*map(spoken, texts)), swapped, strict=False)
    ]
    try:
        of = turn(asked, messages)
    except (InvalidRequest, TooLarge):
        return
    assert [message.role for message in of.prompt] == ["assistant" if i % 2 else "user" for i in range(len(of.prompt))]
    assert len(of.prompt) % 2 == 1
    assert all(words.strip() for words in heard(of))
    if of.held_parts is not None and messages[-1].text.strip():
        assert heard(of)[-2].endswith(messages[-1].text)
    assert 0 <= of.answer_index <= len(messages) + 1
    kept = messages[: of.answer_index - (1 if of.said else 0)]
    ids = [message.id for message in kept] + ([of.said.id] if of.said else []) + [of.answer_id]
    if sum(len(message.text) for message in messages) < MAX_PROMPT_CHARACTERS / 2:  # what no prompt holds is not read
        assert len(set(ids)) == len(ids), "an id names one message"
    assert "of the client" not in "".join(heard(of)) or of.said is not None
