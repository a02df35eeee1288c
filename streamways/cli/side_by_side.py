"""The view for a terminal: the answers grow side by side, one column for each architecture."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import cycle
from typing import Self

from rich.console import Console, ConsoleOptions, RenderResult
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from shared.contract.parts import PartType
from streamways.cli.live_picture import FRAME, LivePicture, height_on
from streamways.cli.text import milliseconds, printable
from streamways.clients.client import ARCHITECTURES, Architecture, Received
from streamways.target.streams import Outcome

NARROWEST = 60
"""Columns of a terminal below which answers do not fit side by side."""
HEIGHT = 14
"""Lines of a column, its frame included, where the terminal is high enough."""
COLOURS = dict(zip(ARCHITECTURES, cycle(("cyan", "green", "magenta", "yellow", "blue")), strict=False))


def fits(console: Console) -> bool:
    """Whether it is a terminal that columns can be drawn on."""
    return console.is_terminal and not console.is_dumb_terminal and console.width >= NARROWEST


@dataclass
class Column:
    """What is known of one stream."""

    architecture: Architecture
    answer: str = ""
    status: str = "waiting"
    problem: str | None = None

    def panel(self, width: int, height: int, console: Console) -> Panel:
        """The column, with as much of the answer's end as fits."""
        body = Text(printable(self.answer))
        if self.problem is not None:
            body.append(("\n\n" if self.answer else "") + printable(self.problem), style="red")
        lines = body.wrap(console, width - FRAME)
        return Panel(
            Text("\n").join(lines[-(height - 2) :]),
            title=f"[bold]{self.architecture}[/]",
            subtitle=self.status,
            border_style="red" if self.problem is not None else COLOURS[self.architecture],
            width=width,
            height=height,
        )


class Columns(LivePicture):
    """One column for each architecture."""

    def __init__(self, architectures: Sequence[Architecture], console: Console | None = None) -> None:
        super().__init__(console)
        self._columns = {architecture: Column(architecture) for architecture in architectures}
        self._first_ms: dict[Architecture, float] = {}

    def part(self, architecture: Architecture, received: Received) -> None:
        if received.type != PartType.TEXT_DELTA:
            return
        column = self._columns[architecture]
        first_ms = self._first_ms.setdefault(architecture, received.at_ms)
        column.answer += str(received.part.get("delta", ""))
        column.status = f"first text {milliseconds(first_ms)}"

    def ended(self, outcome: Outcome) -> None:
        column = self._columns[outcome.architecture]
        column.problem = outcome.problem
        took = milliseconds(outcome.summary.total_ms)
        column.status = f"finished in {took}" if column.problem is None else "failed"

    @classmethod
    def ended_with(cls, outcomes: Sequence[Outcome]) -> Self:
        """The last picture of these streams."""
        columns = cls([outcome.architecture for outcome in outcomes])
        for outcome in outcomes:
            for received in outcome.received:
                columns.part(outcome.architecture, received)
            columns.ended(outcome)
        return columns

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        width = options.max_width // len(self._columns)
        height = height_on(console, HEIGHT)
        grid = Table.grid()
        for _ in self._columns:
            grid.add_column(width=width)
        grid.add_row(*(column.panel(width, height, console) for column in self._columns.values()))
        yield grid
