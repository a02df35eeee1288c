"""The frames of `WebSocketChatTransport`: what is read from a client's, and that ours are never fatal to it."""

import contextlib
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handlers.websocket import frames
from shared.errors import InvalidRequest, ModelThrottled
from shared.protocol import parts
from shared.protocol.cursor import Cursor

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda values: st.lists(values, max_size=3) | st.dictionaries(st.text(max_size=8), values, max_size=3),
    max_leaves=8,
)


def test_a_frame_of_the_stock_client_is_read() -> None:
    frame = frames.parse('{"type": "send", "requestId": "aB3_-", "id": "c", "messages": []}')
    assert (frame.type, frame.request_id, frame.fields["id"]) == ("send", "aB3_-", "c")


BAD: dict[str, str] = {
    "empty": "",
    "not JSON": "hello",
    "cut short": '{"type": "send"',
    "a JSON bomb": "[" * 100_000,
    "a bomb of objects": '{"a":' * 50_000,
    "a list": "[]",
    "null": "null",
    "a text": '"send"',
    "NaN": "NaN",
    "without an id": '{"type": "send"}',
    "with an id that is a number": '{"type": "send", "requestId": 7}',
    "with an id that is too long": json.dumps({"type": "send", "requestId": "x" * 65}),
    "with an id that is no id": '{"type": "send", "requestId": "a b"}',
    "with an id that is half a surrogate pair": '{"type": "send", "requestId": "\\ud800"}',
    "with the server's own id": '{"type": "send", "requestId": "streamways"}',
}
SLOPPY: dict[str, str] = {
    "a key twice": '{"type": "send", "requestId": "r-1", "type": "send"}',
    "a message's key twice": '{"type": "send", "requestId": "r-1", "messages": [{"role": "user", "role": "user"}]}',
    "NaN": '{"type": "send", "requestId": "r-1", "lastSequence": NaN}',
    "minus infinity": '{"type": "send", "requestId": "r-1", "lastSequence": -Infinity}',
}
"""What Python takes for JSON."""
WAITING = {
    "with an id that is too long": "x" * 65,
    "with an id that is no id": "a b",
    "with an id that is half a surrogate pair": "\ud800",
}
"""Ids that are refused, and yet echoed."""


@pytest.mark.parametrize("body", BAD.values(), ids=BAD.keys())
def test_a_frame_is_refused_that_is(body: str) -> None:
    with pytest.raises(InvalidRequest):
        frames.parse(body)


@pytest.mark.parametrize("body", SLOPPY.values(), ids=SLOPPY.keys())
def test_a_frame_is_refused_to_the_id_that_waits_with(body: str) -> None:
    with pytest.raises(InvalidRequest, match="no key is there twice"):
        frames.parse(body)
    assert frames.request_id_of(body) == "r-1"


@pytest.mark.parametrize("case", BAD)
def test_a_refusal_goes_to_the_id_that_its_sender_waits_for(case: str) -> None:
    assert frames.request_id_of(BAD[case]) == WAITING.get(case, frames.OURS)


def test_the_id_of_a_frame_is_known_whatever_else_is_wrong_with_it() -> None:
    assert frames.request_id_of('{"type": 7, "requestId": "r-1"}') == "r-1"


@pytest.mark.parametrize("character", ["x", "\0", "🎈", "\ud800"])
def test_a_refusal_fits_into_a_frame_however_long_the_id_is_that_it_echoes(character: str) -> None:
    for length in (1_000, 1_025, 120_000):
        body = json.dumps({"type": "send", "requestId": character * length})
        assert len(frames.error(frames.request_id_of(body), InvalidRequest("No.")).encode()) < 16_000


def test_a_frame_names_its_chat_or_is_refused_where_one_is_needed() -> None:
    assert frames.parse('{"type": "read", "requestId": "r-1", "id": "chat-1"}').chat_id == "chat-1"
    frame = frames.parse('{"type": "list", "requestId": "r-1", "id": "not an id"}')
    with pytest.raises(InvalidRequest):
        _ = frame.chat_id


@pytest.mark.parametrize("depth", range(100, 1200, 50))
def test_a_nest_that_is_just_shallow_enough_to_be_read_is_harmless(depth: int) -> None:
    nest = "[" * depth + "]" * depth
    for body in (nest, f'{{"type": {nest}, "requestId": "r-1"}}', f'{{"type": "send", "requestId": {nest}}}'):
        assert frames.request_id_of(body) in ("r-1", frames.OURS)


@given(st.text(max_size=40) | JSON.map(json.dumps))
def test_any_text_is_a_frame_or_is_refused_in_our_words(body: str) -> None:
    assert isinstance(frames.request_id_of(body), str)
    with contextlib.suppress(InvalidRequest):
        assert frames.parse(body).request_id == frames.request_id_of(body)
    frames.error(frames.request_id_of(body), InvalidRequest("No.")).encode()


OURS: dict[str, tuple[str, dict[str, Any]]] = {
    "start": (frames.start("r-1"), {"type": "start", "requestId": "r-1"}),
    "chunk": (
        frames.chunk("r-1", 3, parts.block_delta("text", "t", "wörld\n"), Cursor("s-1", 0, 3)),
        {
            "type": "chunk",
            "requestId": "r-1",
            "sequence": 3,
            "cursor": str(Cursor("s-1", 0, 3)),
            "chunk": {"type": "text-delta", "id": "t", "delta": "wörld\n"},
        },
    ),
    "chunk of no stream": (
        frames.chunk("r-1", 0, parts.start_step(), None),
        {"type": "chunk", "requestId": "r-1", "sequence": 0, "chunk": {"type": "start-step"}},
    ),
    "end": (frames.end("r-1"), {"type": "end", "requestId": "r-1"}),
    "no-active": (frames.no_active("r-1"), {"type": "no-active", "requestId": "r-1"}),
    "result": (frames.result("r-1", {"chats": []}), {"type": "result", "requestId": "r-1", "result": {"chats": []}}),
    "result with more": (
        frames.result("r-1", {"chats": [1]}, more=True),
        {"type": "result", "requestId": "r-1", "result": {"chats": [1]}, "more": True},
    ),
    "keep-alive": (frames.keep_alive(), {"type": "keep-alive", "requestId": "streamways"}),
    "notice": (
        frames.connection_ends(1_800_000_000),
        {"type": "notice", "requestId": "streamways", "code": "connection_ends", "at": 1_800_000_000},
    ),
}


@pytest.mark.parametrize(("frame", "expected"), OURS.values(), ids=OURS.keys())
def test_our_frame_is_exactly(frame: str, expected: dict[str, Any]) -> None:
    assert json.loads(frame) == expected


def test_the_text_of_an_error_is_the_json_of_an_http_refusal() -> None:
    frame = json.loads(frames.error("r-1", ModelThrottled("Später.", retry_after=5)))
    assert (frame["type"], frame["requestId"]) == ("error", "r-1")
    assert json.loads(frame["errorText"]) == {
        "error": {"code": "model_throttled", "message": "Später.", "retryAfter": 5}
    }
