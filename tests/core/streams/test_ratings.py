"""A thumb up or down: of whoever asked for the answer, kept with the answer and with its usage record."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from shared.contract.usage import Rating
from shared.errors import Forbidden, InvalidRequest, NotFound
from shared.protocol.request import ChatRequest
from shared.streams.ratings import PAGE_MESSAGES, Ratings
from shared.streams.start import StreamStart
from shared.table.client import TableClient
from tests.support.aws import TABLE, Table
from tests.support.interference import first_answers_lost, just_before, sent
from tests.support.starts import (
    CHAT,
    OWNER,
    admitted,
    chats,
    repository,
    running,
    said,
    shared_with,
    table_client,
    used,
)

ANSWER = [{"type": "text", "text": "Because."}]


def rate(message_id: object, rating: object, *, user: str = OWNER, chat_id: str = CHAT) -> dict[str, object]:
    return Ratings(table_client()).rate(user, chat_id, message_id, {"rating": rating})


def answered(stream_id: str = "stream-1", *, owner: str = OWNER, prompt: str = "Why?") -> StreamStart:
    stream = admitted(stream_id, prompt, owner=owner, running=True)
    assert repository().end(stream, used(), ANSWER)
    return stream


def kept(table: Table) -> list[str | None]:
    """The ratings of the usage records, in the order of their ends."""
    return [item.get("rating") for item in sorted(table.items("usage#"), key=lambda item: item["endedAt"])]


def shown(user: str = OWNER) -> list[Any]:
    """The ratings that a user sees of the answers of the chat; `absent` where none is theirs to give."""
    messages = chats().read(user, CHAT)["messages"]
    return [message["metadata"].get("rating", "absent") for message in messages if message["role"] == "assistant"]


@pytest.mark.parametrize("rating", list(Rating))
def test_an_answer_is_rated_and_the_rating_is_read_with_the_chat(rating: Rating, table: Table) -> None:
    answer = answered().message_id
    assert shown() == [None]
    assert rate(answer, rating.value) == {"messageId": answer, "rating": rating}
    assert shown() == kept(table) == [rating]


def test_the_last_rating_counts_and_can_be_taken_back(table: Table) -> None:
    answer = answered().message_id
    for rating in ("up", "down", None, "up"):
        rate(answer, rating)
        assert shown() == kept(table) == [rating]


@pytest.mark.parametrize("rating", ["down", None])
@pytest.mark.usefixtures("table")
def test_a_rating_that_is_there_already_is_not_written_again(rating: str | None) -> None:
    answer = answered().message_id
    rate(answer, "up")
    rate(answer, rating)
    with sent(table_client().client) as requests:
        rate(answer, rating)
    assert requests == ["GetItem", "Query"]


@pytest.mark.parametrize("rating", ["", "UP", "good", 1, True, ["up"], {"up": 1}, "up\ud800", "x" * 100_000])
def test_what_is_no_rating_is_refused(rating: object, table: Table) -> None:
    answer = answered().message_id
    with pytest.raises(InvalidRequest, match="must be"):
        rate(answer, rating)
    assert kept(table) == [None]


@pytest.mark.usefixtures("table")
def test_a_rating_that_is_left_out_is_refused_and_takes_none_back() -> None:
    answer = answered().message_id
    rate(answer, "up")
    with pytest.raises(InvalidRequest):
        Ratings(table_client()).rate(OWNER, CHAT, answer, {})
    assert shown() == ["up"]


@pytest.mark.parametrize("message_id", [None, "", 7, "x" * 129, "a b", "ä", ["m"]])
@pytest.mark.usefixtures("table")
def test_a_malformed_id_of_a_message_is_refused(message_id: object) -> None:
    answered()
    with pytest.raises(InvalidRequest):
        rate(message_id, "up")


def test_a_chat_of_others_and_a_message_that_is_not_there_are_not_found(table: Table) -> None:
    answer = answered().message_id
    for refused in (
        lambda: rate(answer, "up", user="mallory"),
        lambda: rate(answer, "up", chat_id="chat-2"),
        lambda: rate("msg-of-nobody", "up"),
    ):
        with pytest.raises(NotFound):
            refused()
    assert kept(table) == [None]


def test_a_member_cannot_rate_what_another_has_asked_for_and_is_told_no_rating(table: Table) -> None:
    answer = answered().message_id
    shared_with("bob")
    rate(answer, "up")
    with pytest.raises(Forbidden):
        rate(answer, "down", user="bob")
    theirs = answered("stream-2", owner="bob", prompt="And?").message_id
    with pytest.raises(Forbidden):
        rate(theirs, "down")
    rate(theirs, "down", user="bob")
    assert kept(table) == ["up", "down"]
    assert shown() == ["up", "absent"]
    assert shown("bob") == ["absent", "down"]


def test_a_question_is_not_rated(table: Table) -> None:
    answered()
    question = table.messages(CHAT)[0]["id"]
    with pytest.raises(InvalidRequest, match="Only answers"):
        rate(question, "up")


@pytest.mark.usefixtures("table")
def test_an_answer_that_is_still_written_is_not_rated() -> None:
    with pytest.raises(InvalidRequest, match="still being written"):
        rate(running().message_id, "up")


@pytest.mark.usefixtures("table")
def test_an_answer_of_which_no_usage_is_known_is_not_rated() -> None:
    withdrawn = admitted()
    assert repository().withdraw(withdrawn)
    with pytest.raises(InvalidRequest, match="Nothing is known"):
        rate(withdrawn.message_id, "up")


def test_an_answer_that_was_cut_off_is_not_found_and_its_record_keeps_its_rating(table: Table) -> None:
    first = answered()
    rate(first.message_id, "down")
    body = {"id": CHAT, "messages": [said("x")], "trigger": "regenerate-message", "messageId": first.message_id}
    second = admitted("stream-2", request=ChatRequest.from_client(body), running=True)
    repository().end(second, used(), ANSWER)
    with pytest.raises(NotFound):
        rate(first.message_id, "up")
    assert kept(table) == ["down", None]
    assert shown() == [None]


def continuing(answer: StreamStart, *, claimed: bool = True) -> StreamStart:
    """A stream that goes on with the answer of another."""
    message = {"id": answer.message_id, "role": "assistant", "parts": ANSWER}
    request = ChatRequest.from_client({"id": CHAT, "messages": [message]})
    stream = admitted("stream-2", request=request, running=claimed)
    assert stream.message_id == answer.message_id
    return stream


def test_an_answer_that_was_continued_is_rated_as_one_and_anew(table: Table) -> None:
    first = answered()
    rate(first.message_id, "down")
    second = continuing(first)
    assert shown() == ["down"]
    with pytest.raises(InvalidRequest, match="still being written"):
        rate(first.message_id, "up")
    repository().end(second, used(), ANSWER)
    assert shown() == [None]
    rate(first.message_id, "up")
    assert kept(table) == ["down", "up"]


def test_a_continuation_that_was_withdrawn_leaves_the_rating_to_the_stream_before(table: Table) -> None:
    first = answered()
    assert repository().withdraw(continuing(first, claimed=False))
    rate(first.message_id, "up")
    assert kept(table) == ["up"]


def test_a_record_that_has_expired_does_not_come_back_with_a_rating(table: Table) -> None:
    answer = answered().message_id
    [record] = table.items("usage#")
    table.remove(record["pk"], record["sk"])
    rate(answer, "up")
    assert shown() == ["up"]
    assert table.items("usage#") == []


def test_an_answer_far_up_in_a_long_chat_is_rated(table: Table) -> None:
    first = answered().message_id
    for number in range(2, PAGE_MESSAGES):
        answered(f"stream-{number}", prompt=f"And {number}?")
    rate(first, "up")
    assert kept(table)[0] == shown()[0] == "up"


def test_ratings_at_once_leave_answer_and_record_alike(table: Table) -> None:
    answer = answered().message_id
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda number: rate(answer, ("up", "down", None)[number % 3]), range(24)))
    assert shown() == kept(table)


def test_an_answer_that_was_lost_is_no_second_rating(table: Table) -> None:
    disturbed, answer = TableClient(TABLE), answered().message_id
    with first_answers_lost(disturbed.client, "TransactWriteItems"):
        Ratings(disturbed).rate(OWNER, CHAT, answer, {"rating": "up"})
    assert shown() == kept(table) == ["up"]


@pytest.mark.parametrize(
    ("meanwhile", "error"),
    [
        (lambda _: chats().delete(OWNER, CHAT), NotFound),
        (continuing, InvalidRequest),
        (lambda stream: repository().end(continuing(stream), used(), ANSWER), None),
    ],
    ids=["deleted", "continued", "continued to its end"],
)
def test_a_rating_meets_what_has_become_of_the_answer_meanwhile(
    meanwhile: Callable[[StreamStart], object], error: type[Exception] | None, table: Table
) -> None:
    disturbed, stream = TableClient(TABLE), answered()
    with just_before(disturbed.client, "TransactWriteItems", lambda: meanwhile(stream)):
        if error is None:
            Ratings(disturbed).rate(OWNER, CHAT, stream.message_id, {"rating": "up"})
        else:
            with pytest.raises(error):
                Ratings(disturbed).rate(OWNER, CHAT, stream.message_id, {"rating": "up"})
    assert kept(table) == ([None, "up"] if error is None else [None])
