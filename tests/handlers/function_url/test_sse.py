"""Parts as server-sent events: one line each, whatever the text holds."""

import json

import pytest

from handlers.function_url.sse import ServerSentEvents
from shared.protocol import parts
from shared.protocol.parts import Numbered


@pytest.mark.parametrize(
    "text", ["plain", "line\nline\r\nline\rline", "data: x\n\ndata: [DONE]\n\n", "\u2028\u2029\x85", "\0", "🎈", ""]
)
def test_an_event_is_two_lines_whatever_the_text(text: str) -> None:
    event = ServerSentEvents().encode(Numbered(7, parts.block_delta("text", "t", text)))
    number, data, *end = event.split(b"\n")
    assert (number, end) == (b"id: 7", [b"", b""])
    assert b"\r" not in data
    assert json.loads(data.removeprefix(b"data: ")) == parts.block_delta("text", "t", text)
