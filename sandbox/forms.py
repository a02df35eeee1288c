"""JSON objects that the control interface is given, read field by field, with what is wrong said in words."""

import math
from collections.abc import Mapping, Sequence


class FormRefused(ValueError):
    """A field that is not allowed; the text says what was given, and what is allowed."""


class Form:
    """One JSON object. Each field is asked for once; `end` refuses those that nobody asked for.

    Every method raises FormRefused. A field that was left out has the default, if the caller gave one.
    """

    def __init__(self, given: Mapping[str, object]) -> None:
        self._given = given
        self._asked: list[str] = []

    def has(self, name: str) -> bool:
        """Whether the field was given."""
        return name in self._given

    def choice(self, name: str, allowed: Sequence[str], default: str | None = None) -> str:
        """One of `allowed`."""
        value = self._value(name, default)
        if not isinstance(value, str) or value not in allowed:
            raise FormRefused(f"{name} is {value!r}, allowed are {', '.join(allowed)}")
        return value

    def text(self, name: str, default: str | None = None) -> str:
        """A text; an empty one stands for nothing, and is refused unless it is the default."""
        value = self._value(name, default)
        if not isinstance(value, str) or (not value and value != default):
            raise FormRefused(f"{name} is {value!r}: give a text")
        return value

    def number(self, name: str, default: float, *, above: float | None = None) -> float:
        """A finite number, more than `above`, else 0 or more. The default may be infinite."""
        value = self._value(name, default)
        if not self.has(name):
            return default
        least = 0.0 if above is None else math.nextafter(above, math.inf)
        if isinstance(value, bool) or not isinstance(value, int | float) or not least <= value < math.inf:
            raise FormRefused(
                f"{name} is {value!r}: give a number, {'0 or more' if above is None else f'above {above:g}'}"
            )
        return value

    def whole(self, name: str, default: int, *, least: int = 0, most: int | None = None) -> int:
        """A whole number from `least` to `most`."""
        value = self._value(name, default)
        if (
            isinstance(value, bool)
            or not isinstance(value, int)
            or value < least
            or (most is not None and value > most)
        ):
            allowed = f"{least} or more" if most is None else f"{least} to {most}"
            raise FormRefused(f"{name} is {value!r}: give a whole number, {allowed}")
        return value

    def end(self) -> None:
        """Refuse the fields that nobody asked for."""
        unknown = sorted(set(self._given) - set(self._asked))
        if unknown:
            raise FormRefused(f"unknown: {', '.join(unknown)}; allowed are {', '.join(self._asked) or 'none'}")

    def _value(self, name: str, default: object) -> object:
        self._asked.append(name)
        return self._given.get(name, default)
