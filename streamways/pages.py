"""Places in a page of the documentation that a program writes, each between two markers."""

import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Final

DOCS: Final = Path(__file__).resolve().parents[1] / "docs"
END: Final = "<!-- until here -->"

Row = Sequence[str]


def begin(module: str, name: str) -> str:
    """The marker before what a module writes under a name."""
    return f"<!-- written by `python -m {module}`: {name} -->"


def filled(text: str, module: str, made: Mapping[str, str]) -> str:
    """The page with each place as it is made now. Raises ValueError when it lacks the place of one."""
    for name, what in made.items():
        marker = begin(module, name)
        place = re.compile(re.escape(marker) + r".*?" + re.escape(END), re.DOTALL)
        if len(place.findall(text)) != 1:
            raise ValueError(f"the page needs one place for the table {name!r}: {marker} … {END}")
        text = place.sub(lambda _, new=f"{marker}\n\n{what}\n\n{END}": new, text)
    return text


def table(heads: Row, rows: Iterable[Row]) -> str:
    """A table in Markdown."""
    return "\n".join("| " + " | ".join(cells) + " |" for cells in [heads, ["---"] * len(heads), *rows])
