"""The inputs of one resource, read strictly: a property that no handler reads is refused, not ignored.

So a misspelt key, which a program can pass in a plain dict, and a feature that the sandbox does not emulate both end
the deployment instead of passing quietly.
"""

from collections.abc import Collection, Iterable, Mapping
from typing import cast

from sandbox.errors import ResourceRefused
from sandbox.resources.values import Archive, Value


class Inputs:
    """Typed access to input properties by their wire names (camelCase). Every reader raises ResourceRefused."""

    def __init__(self, values: Mapping[str, Value], path: str = "") -> None:
        self._values = values
        self._path = path
        self._read: set[str] = set()
        self._blocks: list[Inputs] = []

    def text(self, key: str, *, allowed: Collection[str] | None = None) -> str:
        """A required string, one of `allowed` if given."""
        found = self.optional_text(key, allowed=allowed)
        if found is None:
            raise ResourceRefused(f"{self._path}{key} is required", property=f"{self._path}{key}")
        return found

    def optional_text(self, key: str, *, allowed: Collection[str] | None = None) -> str | None:
        """A string, one of `allowed` if given, or None when it is not set."""
        value = self._take(key)
        if value is None:
            return None
        if not isinstance(value, str):
            raise self._wrong(key, value, "a string")
        if allowed is not None and value not in allowed:
            raise self._wrong(key, value, f"one of {', '.join(allowed)}")
        return value

    def integer(self, key: str, default: int, *, between: tuple[int, int]) -> int:
        """A whole number within `between` (inclusive)."""
        found = self.optional_integer(key, between=between)
        return default if found is None else found

    def optional_integer(self, key: str, *, between: tuple[int, int]) -> int | None:
        """A whole number within `between` (inclusive), or None when it is not set."""
        value = self._take(key)
        if value is None:
            return None
        low, high = between
        if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
            raise self._wrong(key, value, f"a whole number from {low} to {high}")
        return value

    def optional_number(self, key: str) -> float | None:
        """A number, or None when it is not set."""
        value = self._take(key)
        if value is None:
            return None
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            raise self._wrong(key, value, "a number")
        return float(value)

    def flag(self, key: str, default: bool = False) -> bool:
        """A boolean."""
        value = self._take(key)
        if value is None:
            return default
        if not isinstance(value, bool):
            raise self._wrong(key, value, "true or false")
        return value

    def texts(self, key: str, *, allowed: Collection[str] | None = None) -> tuple[str, ...]:
        """A list of strings, each one of `allowed` if given; empty when it is not set."""
        values = self._list(key)
        for value in values:
            if not isinstance(value, str):
                raise self._wrong(key, value, "a list of strings")
            if allowed is not None and value not in allowed:
                raise self._wrong(key, value, f"a list of {', '.join(allowed)}")
        return tuple(cast("list[str]", values))

    def text_by_name(self, key: str) -> dict[str, str]:
        """A mapping of names to strings; empty when it is not set."""
        value = self._take(key)
        if value is None:
            return {}
        if not isinstance(value, dict) or not all(isinstance(item, str) for item in value.values()):
            raise self._wrong(key, value, "a mapping of names to strings")
        return cast("dict[str, str]", value)

    def block(self, key: str) -> "Inputs | None":
        """A nested object, read as strictly, or None when it is not set."""
        value = self._take(key)
        return None if value is None else self._nested(f"{key}.", key, value)

    def blocks(self, key: str) -> "tuple[Inputs, ...]":
        """A list of nested objects, each read as strictly; empty when it is not set."""
        return tuple(self._nested(f"{key}[{index}].", key, value) for index, value in enumerate(self._list(key)))

    def archive(self, key: str) -> Archive:
        """A required archive."""
        value = self._take(key)
        if not isinstance(value, Archive):
            raise self._wrong(key, value, "an archive")
        return value

    def without_effect(self, *keys: str) -> None:
        """Accept `keys` whatever they hold: in the sandbox they change nothing that a program could notice."""
        self._read.update(keys)

    def unread(self) -> Iterable[str]:
        """The properties that were set and that nobody has read, by their full path."""
        yield from (f"{self._path}{key}" for key in self._values if key not in self._read)
        for block in self._blocks:
            yield from block.unread()

    def _take(self, key: str) -> Value:
        self._read.add(key)
        return self._values.get(key)

    def _list(self, key: str) -> list[Value]:
        value = self._take(key)
        if value is None:
            return []
        if not isinstance(value, list):
            raise self._wrong(key, value, "a list")
        return value

    def _nested(self, path: str, key: str, value: Value) -> "Inputs":
        if not isinstance(value, dict):
            raise self._wrong(key, value, "an object")
        block = Inputs({name: item for name, item in value.items() if item is not None}, f"{self._path}{path}")
        self._blocks.append(block)
        return block

    def _wrong(self, key: str, value: Value, allowed: str) -> ResourceRefused:
        return ResourceRefused(f"{self._path}{key} is {value!r}, allowed is {allowed}", property=f"{self._path}{key}")
