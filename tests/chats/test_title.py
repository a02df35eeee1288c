"""A title shows as it is, and nothing else: from the first message, and from whoever names a chat."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.chats.title import FIRST_TITLE_CHARACTERS, MAX_TITLE_CHARACTERS, UNTITLED, chosen_title, first_title
from shared.errors import InvalidRequest

TURNING = "\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
JOINED = "👩\u200d👩\u200d👧 \u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645"
"""Emoji and Persian are written with joiners."""
CLEANED = {
    "in\u202evoice.exe": "invoice.exe",
    f"a{TURNING}b": "ab",
    "a\x00\x07\x1b[31mb\x9b\x7f": "a[31mb",
    "a\nb\r\n\tc\x0bd\x1ce\x85f\u2028g\u2029h": "a b c d e f g h",
    "  The \u00a0 sky ": "The sky",
    f" {JOINED} ": JOINED,
}
"""Text → what is left of it."""
NOTHING = ["", "  ", "\x00\x01", TURNING, "\u200b", "\u200b \u2060\ufeff", "\u00ad", "\n\t"]


@pytest.mark.parametrize(("text", "title"), CLEANED.items(), ids=CLEANED.values())
def test_control_and_direction_characters_are_no_part_of_a_title(text: str, title: str) -> None:
    assert chosen_title(text) == first_title(text) == title


@pytest.mark.parametrize("text", NOTHING, ids=ascii)
def test_what_shows_nothing_is_no_title(text: str) -> None:
    with pytest.raises(InvalidRequest):
        chosen_title(text)
    assert first_title(text) == UNTITLED


def test_a_title_has_at_most_so_many_characters_that_show() -> None:
    assert chosen_title("x" * MAX_TITLE_CHARACTERS + TURNING) == "x" * MAX_TITLE_CHARACTERS
    with pytest.raises(InvalidRequest):
        chosen_title("x" * (MAX_TITLE_CHARACTERS + 1))
    assert first_title("x" * 1000) == "x" * FIRST_TITLE_CHARACTERS


@given(st.text(st.characters(codec="utf-8"), max_size=300) | st.text("ab \u202e\u200f\x00\n\u2067", max_size=300))
def test_no_title_holds_what_turns_or_controls_a_line(text: str) -> None:
    for title in (first_title(text), chosen_title(f"x{text}")[:MAX_TITLE_CHARACTERS] if len(text) < 150 else "x"):
        assert title == title.strip() != ""
        assert not [each for each in title if unicodedata.category(each) in ("Cc", "Zl", "Zp") or each in TURNING]
        assert "  " not in title
