"""What a reader who builds a continued answer anew is told first: what the answer held before."""

from typing import Any

import pytest

from shared.contract.limits import MAX_PART_BYTES
from shared.protocol import parts
from shared.protocol.part_size import serialised_bytes
from shared.protocol.parts import Part
from shared.protocol.request import ChatRequest
from shared.streams.preamble import preamble
from shared.streams.start import StreamStart
from tests.support.starts import CHAT, OWNER, STREAM, admitted, chats, repository, running, said, table_client, used

FIRST: list[dict[str, Any]] = [{"type": "reasoning", "text": "Hm."}, {"type": "text", "text": "Because"}]
SECOND: list[dict[str, Any]] = [{"type": "text", "text": " of the air."}]

pytestmark = pytest.mark.usefixtures("table")


def ended(stream: StreamStart, told: list[dict[str, Any]]) -> StreamStart:
    assert repository().end(stream, used("max_tokens"), told)
    return stream


def continued(stream_id: str = "stream-2") -> StreamStart:
    """A stream that goes on with the answer of the first one."""
    request = ChatRequest.from_client({"id": CHAT, "messages": [said("?", f"msg-{STREAM}", "assistant")]})
    return admitted(stream_id, request=request)


def told(stream_id: str = "stream-2") -> list[Part]:
    record = repository().record(OWNER, stream_id)
    assert record is not None
    return preamble(table_client(), record)


BECAUSE = [
    parts.block_start("reasoning", "held-0"),
    parts.block_delta("reasoning", "held-0", "Hm."),
    parts.block_end("reasoning", "held-0"),
    parts.block_start("text", "held-1"),
    parts.block_delta("text", "held-1", "Because"),
    parts.block_end("text", "held-1"),
]


def test_a_new_answer_has_none() -> None:
    running()
    assert told(STREAM) == []


def test_it_is_the_start_of_the_message_and_the_parts_that_it_held() -> None:
    ended(running(), FIRST)
    continued()
    assert told() == [parts.start(f"msg-{STREAM}", "stream-2"), *BECAUSE]


def test_it_stays_the_same_when_the_stream_has_ended_and_the_answer_has_grown() -> None:
    ended(running(), FIRST)
    ended(continued(), SECOND)
    assert told()[1:] == BECAUSE


def test_a_second_continuation_tells_all_that_was_there_before_it() -> None:
    ended(running(), FIRST)
    ended(continued(), SECOND)
    continued("stream-3")
    assert told()[1:] == BECAUSE
    assert [part["delta"] for part in told("stream-3") if "delta" in part] == ["Hm.", "Because", " of the air."]


def test_an_answer_that_held_nothing_has_none() -> None:
    ended(running(), [])
    continued()
    assert told() == []


def test_a_long_text_comes_in_parts_that_fit() -> None:
    text = '🎈"' * 40_000
    ended(running(), [{"type": "text", "text": text}])
    continued()
    assert max(map(serialised_bytes, told())) <= MAX_PART_BYTES
    assert "".join(str(part.get("delta", "")) for part in told()) == text


@pytest.mark.parametrize("what", ["answered anew", "deleted"])
def test_there_is_none_when_the_answer_is_not_in_its_chat_any_more(what: str) -> None:
    ended(running(), FIRST)
    ended(continued(), SECOND)
    if what == "deleted":
        chats().delete(OWNER, CHAT)
    else:
        admitted("stream-3", request=ChatRequest.from_client({**again(), "trigger": "regenerate-message"}))
    assert told() == []


def again() -> dict[str, object]:
    return {"id": CHAT, "messages": [said("Why is the sky blue?", "m-1")], "messageId": f"msg-{STREAM}"}
