"""Parts as server-sent events: one line each, whatever the text holds."""

import json

import pytest

from handlers.http.sse import ServerSentEvents
from shared.protocol import parts
from shared.protocol.cursor import Cursor


@pytest.mark.parametrize(
    "text", ["plain", "line\nline\r\nline\rline", "data: x\n\ndata: [DONE]\n\n", "\u2028\u2029\x85", "\0", "🎈", ""]
)
def test_an_event_is_two_lines_whatever_the_text(text: str) -> None:
    cursor = Cursor("s-1", 0, 7)
    event = ServerSentEvents().encode(parts.block_delta("text", "t", text), cursor)
    place, data, *end = event.split(b"\n")
    assert (place, end) == (f"id: {cursor}".encode(), [b"", b""])
    assert b"\r" not in data
    assert json.loads(data.removeprefix(b"data: ")) == parts.block_delta("text", "t", text)


def test_a_part_that_is_none_of_the_streams_has_no_id() -> None:
    assert ServerSentEvents().encode(parts.start_step(), None) == b'data: {"type":"start-step"}\n\n'
