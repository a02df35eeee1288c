"""The queries that a client fills gaps with, and resumes: what can be resumed, and the parts after a cursor."""

import json
from typing import Any

import pytest

from handlers.appsync import fields
from shared.errors import Internal
from shared.generation.journal_writer import JournalWriter
from shared.protocol import parts
from shared.protocol.parts import REAPER_EPOCH, WORKER_EPOCH, Part, SequencedPart
from shared.protocol.request import ChatRequest
from shared.streams.repository import StreamRepository
from tests.support.appsync import ask, refusal, result
from tests.support.aws import Table
from tests.support.cursors import behind
from tests.support.starts import CHAT, OWNER, STREAM, admitted, repository, said, table_client, used, within
from tests.support.tables import WatchedTable

SAID = [parts.start("msg-1", STREAM), parts.block_start("text", "t"), parts.block_delta("text", "t", "Hi 🎈")]
END = [parts.block_end("text", "t"), parts.finish("stop", {"usage": {}})]
pytestmark = pytest.mark.usefixtures("world", "table")


def journal(told: list[Part], first: int = 0, epoch: int = WORKER_EPOCH) -> None:
    """Writes parts of the stream, as one item each time."""
    writer = JournalWriter(table_client(), OWNER, STREAM, on_lost=lambda: None)
    writer.append([SequencedPart(first + index, part, epoch) for index, part in enumerate(told)])
    assert writer.close(within(10))


def page(after: int = -1, **arguments: Any) -> dict[str, Any]:
    """What is asked for behind the part of this sequence."""
    cursor = behind(after)
    return result("parts", {"streamId": STREAM, "after": cursor and str(cursor), **arguments})


def paged(first: int, told: list[Part], *, ended: bool) -> dict[str, Any]:
    """A page of a worker's parts."""
    reached = behind(first + len(told) - 1)
    return {
        "streamId": STREAM,
        "preamble": [],
        "epoch": WORKER_EPOCH,
        "firstSequence": first,
        "parts": told,
        "cursor": reached and str(reached),
        "ended": ended,
    }


def test_all_parts_are_read_from_the_start() -> None:
    admitted(architecture="appsync")
    journal(SAID)
    assert page() == result("parts", {"streamId": STREAM}) == paged(0, SAID, ended=False)


@pytest.mark.parametrize("after", range(5))
def test_parts_are_read_after_a_cursor_up_to_the_terminal_one(after: int) -> None:
    admitted(architecture="appsync")
    journal(SAID)
    journal(END, len(SAID))
    told = [*SAID, *END][after + 1 :]
    assert page(after) == paged(after + 1, told, ended=bool(told))


def test_a_stream_that_has_said_nothing_yet_has_an_empty_page() -> None:
    admitted(architecture="appsync")
    assert page() == paged(0, [], ended=False)
    assert page(7) == paged(8, [], ended=False)


def test_parts_stop_before_a_gap() -> None:
    admitted(architecture="appsync")
    journal(SAID)
    journal(END, len(SAID) + 1)
    assert (page()["parts"], page()["ended"]) == (SAID, False)
    assert (page(2)["parts"], page(2)["ended"]) == ([], False)


def test_an_ended_stream_whose_last_parts_were_lost_has_an_end_all_the_same() -> None:
    start = admitted(architecture="appsync", running=True)
    journal(SAID)
    assert repository().end(start, used("internal"), [])
    assert (page()["parts"], page()["ended"]) == (SAID, False)
    assert (page(2)["parts"], page(2)["ended"]) == ([], True)
    assert (page(1000)["parts"], page(1000)["ended"]) == ([], True)


@pytest.mark.parametrize("after", [3, 6, 60])
def test_a_client_that_has_more_than_the_journal_gets_the_end_whatever_its_number(after: int) -> None:
    """6 is the number of the last part in the journal, and of a part that the worker had published before it died."""
    admitted(architecture="appsync")
    journal(SAID)
    end: list[Part] = [parts.block_end("text", "t"), *parts.failure(Internal("It broke off."), {})]
    journal(end, len(SAID), REAPER_EPOCH)
    cursor = behind(6, epoch=REAPER_EPOCH)
    assert page(after) == {
        **paged(4, end[1:], ended=True),
        "epoch": REAPER_EPOCH,
        "cursor": str(cursor),
    }


def test_the_parts_of_a_page_are_of_one_epoch() -> None:
    """The reaper's parts may have numbers that the client knows the worker's by."""
    admitted(architecture="appsync")
    journal(SAID)
    journal(END, len(SAID), REAPER_EPOCH)
    first = page()
    assert (first["epoch"], first["firstSequence"], first["parts"], first["ended"]) == (WORKER_EPOCH, 0, SAID, False)
    second = result("parts", {"streamId": STREAM, "after": first["cursor"]})
    assert (second["epoch"], second["firstSequence"], second["parts"]) == (REAPER_EPOCH, len(SAID), END)
    assert second["ended"]


def test_a_long_answer_comes_in_pages_without_a_gap() -> None:
    admitted(architecture="appsync")
    told = [parts.block_delta("text", "t", f"{number:05} " + "🎈" * 24_000) for number in range(30)]
    for number, part in enumerate(told):
        journal([part], number)
    read: list[Part] = []
    pages = 0
    while piece := page(len(read) - 1)["parts"]:
        read += piece
        pages += 1
        escaped = json.dumps([json.dumps(part, ensure_ascii=False) for part in piece], ensure_ascii=False)
        assert len(escaped.encode()) < 5_000_000
    assert read == told
    assert pages > 2


@pytest.mark.parametrize("after", [-1, 0, 12, "12", "", 1.5, True, [], {"N": "1"}, "x" * 1000], ids=repr)
def test_a_cursor_that_is_none_is_refused(after: object) -> None:
    admitted(architecture="appsync")
    assert refusal("parts", {"streamId": STREAM, "after": after}) == "invalid_request"
    assert refusal("activeStream", {"chatId": CHAT, "after": after}) == "invalid_request"


def test_a_cursor_of_another_stream_is_refused() -> None:
    admitted(architecture="appsync")
    admitted("stream-2", "And now?", architecture="appsync")
    assert refusal("parts", {"streamId": STREAM, "after": str(behind(3, "stream-2"))}) == "invalid_request"


def test_a_stream_of_another_user_is_answered_like_one_that_never_was() -> None:
    admitted(architecture="appsync")
    journal([*SAID, *END])
    foreign = ask("parts", {"streamId": STREAM}, user="bob")
    unknown = ask("parts", {"streamId": "never-was"}, user="bob")
    assert foreign["error"]["code"] == "not_found"
    assert json.dumps(foreign).replace(STREAM, "X") == json.dumps(unknown).replace("never-was", "X")


def test_a_stream_that_was_cancelled_before_its_start_has_no_parts() -> None:
    result("cancelStream", {"streamId": STREAM})
    assert refusal("parts", {"streamId": STREAM}) == "not_found"


def test_what_runs_in_a_chat_can_be_resumed() -> None:
    assert result("activeStream", {"chatId": CHAT}) is None
    admitted(architecture="websocket")
    assert result("activeStream", {"chatId": CHAT}) == {"streamId": STREAM, "chatId": CHAT}


def test_a_cursor_finds_its_own_stream_whatever_was_started_since() -> None:
    admitted(architecture="appsync")
    admitted("stream-2", "And now?", architecture="appsync")
    assert result("activeStream", {"chatId": CHAT})["streamId"] == "stream-2"
    after = {"chatId": CHAT, "after": str(behind(3))}
    assert result("activeStream", after) == {"streamId": STREAM, "chatId": CHAT}
    assert refusal("activeStream", {**after, "chatId": "chat-2"}) == "invalid_request"
    assert refusal("activeStream", after, user="bob") == "not_found"


def test_what_ended_a_while_ago_is_not_resumed(table: Table) -> None:
    start = admitted(architecture="appsync", running=True)
    repository().end(start, used("end_turn"), [])
    assert result("activeStream", {"chatId": CHAT}) == {"streamId": STREAM, "chatId": CHAT}
    ended = table.stream(OWNER, STREAM)
    assert ended is not None
    table.change(ended["pk"], ended["sk"], endedAt=ended["endedAt"] - 61)
    assert result("activeStream", {"chatId": CHAT}) is None
    assert page()["ended"] is True


def test_a_chat_of_another_user_has_nothing_to_resume_and_is_not_there() -> None:
    admitted(architecture="appsync")
    assert refusal("activeStream", {"chatId": CHAT}, user="bob") == "not_found"


def test_a_stream_that_ends_while_it_is_read_loses_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    start = admitted(architecture="appsync", running=True)
    journal(SAID)
    watched = WatchedTable()

    def end(asked: str) -> None:
        if asked == "GetItem" and repository().end(start, used("end_turn"), []):
            journal(END, len(SAID))

    watched.before = end
    monkeypatch.setattr(fields, "repository", lambda: StreamRepository(watched))
    read = page(2)
    assert (read["parts"], read["ended"]) == (END, True)


def test_the_first_page_of_a_continued_answer_has_what_it_held() -> None:
    first = admitted("stream-0", architecture="appsync", running=True)
    repository().end(first, used("max_tokens"), [{"type": "text", "text": "So far"}])
    request = ChatRequest.from_client({"id": CHAT, "messages": [said("?", first.message_id, "assistant")]})
    admitted(STREAM, request=request, architecture="appsync")
    journal(SAID)
    held = page()["preamble"]
    assert [part["type"] for part in held] == ["start", "text-start", "text-delta", "text-end"]
    assert (held[0]["messageId"], held[2]["delta"]) == (first.message_id, "So far")
    assert (page()["parts"], page(0)["preamble"]) == (SAID, [])
