"""The assumptions by name, value and reason, read from the modules that make them: nothing says them twice."""

import ast
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import cast

from streamways.costs import assumptions, month, table, waiting

MODULES = (assumptions, table, month, waiting)
PAGES = re.compile(r"\s*(https://\S+)\s*")


@dataclass(frozen=True)
class Assumption:
    """One constant, or one field of a dataclass with its default."""

    name: str
    value: str
    why: str
    """Its docstring: the reason, or where it comes from."""


def assumed() -> Iterator[Assumption]:
    """All of them, in the order of the source."""
    for module in MODULES:
        tree = ast.parse(Path(str(module.__file__)).read_text(encoding="utf-8"))
        held = cast("Mapping[str, object]", vars(module))
        yield from _in(tree.body, held)
        for node in tree.body:
            if isinstance(node, ast.ClassDef):
                yield from _in(node.body, cast("Mapping[str, object]", vars(held[node.name])))


def _in(body: list[ast.stmt], held: Mapping[str, object]) -> Iterator[Assumption]:
    for node, after in zip(body, [*body[1:], None], strict=True):
        if not isinstance(node, ast.AnnAssign) or node.value is None or not isinstance(node.target, ast.Name):
            continue
        docstring = after.value if isinstance(after, ast.Expr) else None
        why = " ".join(str(docstring.value).split()) if isinstance(docstring, ast.Constant) else ""
        if (value := _value(held[node.target.id])) is not None:
            yield Assumption(node.target.id, value, PAGES.sub(r" [source](\1)", why))


def _value(value: object) -> str | None:
    """A figure, or one for each architecture; None for what is something else."""
    if isinstance(value, dict):
        figures = list(cast("dict[str, object]", value).values())
        return " / ".join(map(str, figures)) if all(isinstance(figure, int) for figure in figures) else None
    if isinstance(value, int):
        return f"{value:,}"
    return f"{value:g}" if isinstance(value, float) else f"`{value}`" if isinstance(value, str) else None
