"""Writes the generated pages of the reference: `python -m streamways.reference.page`. A test compares them."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

from streamways.pages import DOCS, filled
from streamways.reference.commands import commands
from streamways.reference.components import components

MODULE: Final = "streamways.reference.page"
PAGES: Final[Mapping[Path, tuple[str, Callable[[], str]]]] = {
    DOCS / "reference" / "commands.md": ("commands", commands),
    DOCS / "reference" / "components.md": ("components", components),
}


def written(page: Path) -> str:
    """A page as it is now. Raises ValueError when it lacks its place."""
    name, make = PAGES[page]
    return filled(page.read_text(encoding="utf-8"), MODULE, {name: make()})


if __name__ == "__main__":
    for each in PAGES:
        each.write_text(written(each), encoding="utf-8")
