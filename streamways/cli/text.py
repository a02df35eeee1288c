"""Text as it may be shown: a model's words and a function's logs are not ours, and must not steer the terminal."""

import unicodedata

LINE_CHARACTERS = frozenset("\n\t")


def printable(text: str) -> str:
    """`text` without control characters, line breaks and tabs apart."""
    return "".join(character for character in text if character in LINE_CHARACTERS or not _steers(character))


def _steers(character: str) -> bool:
    return unicodedata.category(character) == "Cc"


def milliseconds(value: float | None) -> str:
    """Short and comparable: `312 ms`, `4.2 s`, or a dash."""
    if value is None:
        return "–"
    return f"{value:.0f} ms" if value < 1000 else f"{value / 1000:.1f} s"


def dollars(value: float | None) -> str:
    """Enough digits to see a small amount: `$0.0000612`, or a dash."""
    if value is None:
        return "–"
    return f"${value:.7f}" if value < 0.01 else f"${value:.2f}"
