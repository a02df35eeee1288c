"""Property values as a resource handler sees them: plain Python, without Pulumi's wire marks."""

from dataclasses import dataclass
from typing import TypeAlias


@dataclass(frozen=True)
class Archive:
    """An archive by its path, relative to the program's folder or absolute; None for one made of assets or fetched."""

    path: str | None


@dataclass(frozen=True)
class Asset:
    """A file by its path, or its text."""

    path: str | None = None
    text: str | None = None


Value: TypeAlias = "bool | int | float | str | list[Value] | dict[str, Value] | Archive | Asset | None"
"""A property; whole numbers are `int`."""
