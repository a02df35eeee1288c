from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streamways.clients.sse import EventParser, ServerSentEvent

BODY = (
    ": stream-open\n\ndata: one\n\nevent: note\ndata: first\ndata: second\nid: 7\n\n\n: keep-alive\n\ndata:two é\n\n"
).encode()
EVENTS = [
    ServerSentEvent("one"),
    ServerSentEvent("first\nsecond", "note", "7"),
    ServerSentEvent("two é", id="7"),
]


def parse(*pieces: bytes) -> list[ServerSentEvent]:
    parser = EventParser()
    return [event for piece in pieces for event in parser.feed(piece)]


def test_comments_are_passed_over_data_lines_joined_and_an_id_holds_until_the_next():
    assert parse(BODY) == EVENTS


@pytest.mark.parametrize("line_end", [b"\n", b"\r", b"\r\n"])
@given(cuts=st.lists(st.integers(0, len(BODY) * 2), max_size=12))
def test_where_the_body_is_cut_makes_no_difference_whatever_ends_its_lines(line_end: bytes, cuts: list[int]):
    body = BODY.replace(b"\n", line_end)
    at = [0, *sorted(min(cut, len(body)) for cut in cuts), len(body)]
    assert parse(*(body[start:end] for start, end in pairwise(at))) == EVENTS


def test_every_single_byte_may_come_alone():
    assert parse(*(bytes([byte]) for byte in BODY)) == EVENTS


def test_a_byte_order_mark_at_the_beginning_is_dropped():
    assert parse(b"\xef\xbb\xbfdata: x\n\n") == [ServerSentEvent("x")]


def test_an_event_that_is_never_completed_is_dropped():
    assert parse(b"data: one\n\ndata: two\n") == [ServerSentEvent("one")]


def test_an_event_comes_with_the_piece_that_completes_it():
    parser = EventParser()
    assert parser.feed(b"data: o") == []
    assert parser.feed(b"ne\n") == []
    assert parser.feed(b"\n") == [ServerSentEvent("one")]
