"""Property values as a resource handler sees them: plain Python, without Pulumi's wire marks."""

from dataclasses import dataclass
from typing import TypeAlias


class Unknown:
    """A value that nobody knows before what it comes from is made: in previews alone."""

    def __repr__(self) -> str:
        return "unknown"


UNKNOWN = Unknown()


@dataclass(frozen=True)
class Archive:
    """An archive by its path, relative to the program's folder or absolute; None for one made of assets or fetched."""

    path: str | None
    hash: str = ""
    """SHA-256 of its content, as Pulumi's engine has it; empty when nobody said."""


@dataclass(frozen=True)
class Asset:
    """A file by its path, or its text."""

    path: str | None = None
    text: str | None = None
    hash: str = ""


Value: TypeAlias = "bool | int | float | str | list[Value] | dict[str, Value] | Archive | Asset | Unknown | None"
"""A property; whole numbers are `int`."""
