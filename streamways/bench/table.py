"""Rows of figures, as a table or as JSON."""

import json
import re
from collections.abc import Mapping, Sequence

Row = Mapping[str, object]
"""A figure or a name by its camelCase key; all rows of a table have the same keys."""


def print_rows(rows: Sequence[Row], *, as_json: bool) -> None:
    """Prints the rows; their keys are the headings."""
    if as_json:
        print(json.dumps(rows, indent=2))
        return
    from rich.console import Console
    from rich.table import Table

    table = Table(box=None, padding=(0, 1), pad_edge=False, header_style="bold")
    for key in rows[0]:
        table.add_column(
            _heading(key),
            no_wrap=True,
            vertical="bottom",
            justify="right" if isinstance(rows[0][key], int | float) else "left",
        )
    for row in rows:
        table.add_row(*(_cell(value) for value in row.values()))
    console = Console(highlight=False)
    console.print(table)
    console.print("\n[dim]emulated: figures of this machine, as busy as it is now; nothing was measured on AWS.[/]")


def _heading(key: str) -> str:
    """A word on a line, so that columns are as narrow as their figures."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "\n", key).lower()


def _cell(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "NO"
    if isinstance(value, float):
        return f"{value:.2f}".rstrip("0").rstrip(".")
    return str(value)
