"""What a chat is called: one line of text that shows as it is, because others read it in lists beside their own.

https://www.unicode.org/reports/tr9/ (directional formatting characters)
"""

import re
import unicodedata

from shared.errors import InvalidRequest
from shared.protocol.request import refuse_lone_surrogates

MAX_TITLE_CHARACTERS = 200
FIRST_TITLE_CHARACTERS = 80
"""A chat is called after the beginning of its first message."""
UNTITLED = "…"
"""What a chat is called whose first message shows nothing."""

_CONTROLS = re.compile(r"[\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f]")
"""But for those that are white space, which becomes a space."""
_DIRECTIONS = re.compile("[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")
"""They turn what follows them, and in a list that is what stands beside a title."""
_UNSEEN = frozenset({"Cc", "Cf", "Zl", "Zp", "Zs"})
"""Categories of characters that show nothing by themselves."""


def first_title(message: str) -> str:
    """What a chat is called that begins with this message."""
    return _line(message)[:FIRST_TITLE_CHARACTERS].strip() or UNTITLED


def chosen_title(value: object) -> str:
    """The title that a client gives. Raises InvalidRequest."""
    title = _line(value) if isinstance(value, str) else ""
    if not 0 < len(title) <= MAX_TITLE_CHARACTERS:
        raise InvalidRequest(f"`title` must be a text of 1 to {MAX_TITLE_CHARACTERS} visible characters.")
    refuse_lone_surrogates(title, "`title`")
    return title


def _line(text: str) -> str:
    """All that shows of a text, on one line; empty when nothing does."""
    line = " ".join(_DIRECTIONS.sub("", _CONTROLS.sub("", text)).split())
    return line if any(unicodedata.category(character) not in _UNSEEN for character in line) else ""
