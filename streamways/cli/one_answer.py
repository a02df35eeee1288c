"""The view of an answer that comes over several connections: its text in the colour of the way that each piece came."""

from types import TracebackType
from typing import Self

from rich.console import Console, ConsoleOptions, RenderResult
from rich.live import Live
from rich.panel import Panel
from rich.text import Text

from shared.contract.parts import PartType
from streamways.cli.side_by_side import COLOURS, FRAMES_PER_SECOND, MARGIN
from streamways.cli.text import printable
from streamways.clients.client import Architecture, Received

HEIGHT = 22
"""Lines of the panel, its frame included, where the terminal is high enough."""
FRAME = 4
"""Columns that the panel's frame takes."""


class OneAnswer:
    """A live picture in place; on leaving, the last one stays."""

    def __init__(self, console: Console) -> None:
        self._text = Text()
        self._live = Live(self, console=console, refresh_per_second=FRAMES_PER_SECOND, vertical_overflow="crop")

    def __enter__(self) -> Self:
        self._live.start(refresh=True)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._live.stop()

    def part(self, architecture: Architecture, received: Received) -> None:
        if received.type == PartType.TEXT_DELTA:
            delta = printable(str(received.part.get("delta", "")))
            begins = not self._text or self._text.plain.endswith("\n")
            self._text.append(delta.lstrip(" ") if begins else delta, style=COLOURS[architecture])

    def said(self, architecture: Architecture, words: str) -> None:
        """A line of its own within the answer."""
        if self._text and not self._text.plain.endswith("\n"):
            self._text.append("\n")
        self._text.append(f"▸ {architecture}: {words}", style="bold reverse")
        self._text.append("\n")

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        height = max(min(HEIGHT, console.height - MARGIN), FRAME)
        lines = [line for line in self._text.wrap(console, options.max_width - FRAME) if line.plain.strip()]
        yield Panel(Text("\n").join(lines[-(height - 2) :]), title="[bold]one answer[/]")
