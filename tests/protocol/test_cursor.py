"""A cursor: written for a client that gives it back as it came, and read with distrust."""

import base64
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.errors import InvalidRequest
from shared.protocol import parts
from shared.protocol.cursor import Cursor
from shared.protocol.parts import REAPER_EPOCH, WORKER_EPOCH, SequencedPart

STREAM_IDS = st.from_regex(r"[A-Za-z0-9_-]{1,64}", fullmatch=True)


@given(STREAM_IDS, st.sampled_from([WORKER_EPOCH, REAPER_EPOCH]), st.integers(0, 99_999_999))
def test_what_was_written_is_read(stream_id: str, epoch: int, sequence: int) -> None:
    cursor = Cursor(stream_id, epoch, sequence)
    assert Cursor.parse(str(cursor), "`cursor`") == cursor
    assert len(str(cursor)) <= 100
    assert str(cursor).replace("-", "").replace("_", "").isalnum(), "it fits into a header, a frame and a URL"


def test_the_place_behind_a_part_tells_who_numbered_it() -> None:
    worker, reaper = (SequencedPart(12, parts.abort("cancelled"), epoch) for epoch in (WORKER_EPOCH, REAPER_EPOCH))
    assert Cursor.behind("s-1", worker) != Cursor.behind("s-1", reaper)


def encoded(text: str) -> str:
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


@pytest.mark.parametrize(
    "text",
    [
        *(None, 12, True, [], {}, "", "12", "-1", "s-1.0.12", "é", "\0", "x" * 10_000, "A"),
        *(encoded("s-1.0.12") + "=", encoded("s-1.0.12") + "\n", " " + encoded("s-1.0.12")),
        *map(encoded, ["", "s-1", "s-1.0", "s-1.0.", "s-1..12", ".0.12", "s-1.2.12", "s-1.0.-1", "s-1.0.1.2"]),
        *map(encoded, ["s-1.0.012", "s-1.0.123456789", "s-1.0.1e3", "s-1.0.٣", "s 1.0.12", "é.0.12", "s-1.0.12\n"]),
        encoded("x" * 65 + ".0.12"),
        encoded("s-1.0.12")[:-1] + "J",  # the last bits of base64 that nobody reads
    ],
    ids=repr,
)
def test_anything_else_is_refused_in_words(text: object) -> None:
    with pytest.raises(InvalidRequest, match="`cursor` must be a cursor as it came with a part"):
        Cursor.parse(text, "`cursor`")


@given(st.text() | st.text("ABab01-_=", max_size=40))
def test_no_text_does_more_than_be_refused(text: str) -> None:
    with suppress(InvalidRequest):
        assert str(Cursor.parse(text, "`cursor`")) == text
