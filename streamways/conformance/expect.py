"""What a case expects; a stack that does not meet it fails the case with one line that says what came instead."""

from typing import NoReturn


class NotMet(Exception):
    """An expectation that the stack did not meet. The text is one line."""


def fail(text: str) -> NoReturn:
    """Raises NotMet."""
    raise NotMet(text)


def expect(met: bool, otherwise: str) -> None:
    """Raises NotMet with that text unless it is met."""
    if not met:
        fail(otherwise)


def same(what: str, actual: object, expected: object) -> None:
    """Raises NotMet unless both are equal."""
    expect(actual == expected, f"{what}: expected {_shown(expected)}, got {_shown(actual)}")


def _shown(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 120 else f"{text[:80]}…{text[-39:]} ({len(text)} characters)"
