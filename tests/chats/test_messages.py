"""A long chat is read from its end, a page at a time, and what was cut off is not read through."""

from collections.abc import Sequence

import pytest

from shared.chats import history, messages
from shared.chats.history import index_of
from shared.protocol.request import ChatRequest
from tests.support.aws import Table
from tests.support.interference import sent
from tests.support.starts import CHAT, OWNER, admission, admitted, chats, repository, running, said, table_client, used

PROMPT_MESSAGES = 20
"""What a prompt holds here, with pages to match: the table of the test is slow with many items."""
START = ["BatchGetItem", "Query", "TransactWriteItems"]


@pytest.fixture(autouse=True)
def short_prompts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        messages, "PAGE_MESSAGES", messages.PAGE_MESSAGES - history.MAX_PROMPT_MESSAGES + PROMPT_MESSAGES
    )
    monkeypatch.setattr(history, "MAX_PROMPT_MESSAGES", PROMPT_MESSAGES)


def long_chat(table: Table, length: int, counted: int | None = None) -> None:
    """A chat of so many messages, of which the first `counted` count."""
    repository().end(running(), used(), [])
    chat = table.chat(CHAT)
    assert chat is not None
    table.fill(
        {
            "pk": f"chat#{CHAT}",
            "sk": f"message#{index:06d}",
            "id": f"m-{index}",
            "role": "assistant" if index % 2 else "user",
            "parts": [{"type": "text", "text": f"text {index}"}],
            "fencingToken": chat["latestToken"],
            "state": "done",
        }
        for index in range(length)
    )
    table.change(f"chat#{CHAT}", "chat", length=counted or length)


def requests_of(request: ChatRequest) -> tuple[list[str], Sequence[str]]:
    """The requests of a start, and the prompt."""
    with sent(admission().table.client) as requests:
        stream = admitted("stream-2", request=request)
    return requests, [message.text for message in stream.messages]


def body(last: dict[str, object], **changes: object) -> ChatRequest:
    return ChatRequest.from_client({"id": CHAT, "messages": [last], **changes})


NEW = body(said("New", "m-new"))


def test_a_start_in_a_long_chat_is_three_requests_all_the_same(table: Table) -> None:
    long_chat(table, 60)
    requests, prompt = requests_of(NEW)
    assert requests == START
    assert (prompt[-2:], len(prompt)) == (["text 59", "New"], PROMPT_MESSAGES - 1)
    assert prompt[0] == "text 42", "the first is the user's"


@pytest.mark.parametrize(
    "request_",
    [
        body(said("text 58", "m-58"), trigger="regenerate-message"),
        body(said("?", "m-59", "assistant"), trigger="regenerate-message", messageId="m-59"),
        body(said("?", "m-59", "assistant")),
        body(said("text 58", "m-58"), messageId="m-58"),
    ],
    ids=["the last question", "the last answer", "on with the last answer", "the last question in other words"],
)
def test_so_is_one_that_asks_the_last_again_or_goes_on_with_it(request_: ChatRequest, table: Table) -> None:
    long_chat(table, 60)
    assert requests_of(request_)[0] == START


def test_a_message_of_long_ago_is_found(table: Table) -> None:
    long_chat(table, 60)
    requests, prompt = requests_of(body(said("New", "m-10"), messageId="m-10"))
    assert len(prompt) == 11
    assert requests.count("Query") == 3
    shown = chats().read(OWNER, CHAT)["messages"]
    assert [message["id"] for message in shown] == [*[f"m-{index}" for index in range(10)], "m-10"]


def test_what_was_cut_off_is_skipped_and_not_read_through(table: Table) -> None:
    long_chat(table, 60, counted=10)
    requests, prompt = requests_of(NEW)
    assert requests == START
    assert prompt == [*[f"text {index}" for index in range(10)], "New"]


def test_a_whole_chat_is_read_in_order(table: Table) -> None:
    long_chat(table, 60)
    shown = chats().read(OWNER, CHAT)["messages"]
    assert [message["id"] for message in shown] == [f"m-{index}" for index in range(60)]


@pytest.mark.parametrize("page", [1, 2, 3, 7])
@pytest.mark.parametrize("counted", [1, 2, 5, 6, 7, 12])
def test_pages_of_any_size_hold_each_message_that_counts_once(
    page: int, counted: int, table: Table, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(messages, "PAGE_MESSAGES", page)
    long_chat(table, 12)
    read = messages.newest_first(table_client(), CHAT, counted)
    assert [index_of(item) for item in read] == list(reversed(range(counted)))
