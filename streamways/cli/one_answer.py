"""The view of an answer that comes over several connections: its text in the colour of the way that each piece came."""

from rich.console import Console, ConsoleOptions, RenderResult
from rich.panel import Panel
from rich.text import Text

from shared.contract.parts import PartType
from streamways.cli.live_picture import FRAME, LivePicture, height_on
from streamways.cli.side_by_side import COLOURS
from streamways.cli.text import printable
from streamways.clients.client import Architecture, Received

HEIGHT = 22
"""Lines of the panel, its frame included, where the terminal is high enough."""


class OneAnswer(LivePicture):
    """One panel, with the end of the answer."""

    def __init__(self, console: Console) -> None:
        super().__init__(console)
        self._text = Text()

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
        height = height_on(console, HEIGHT)
        lines = [line for line in self._text.wrap(console, options.max_width - FRAME) if line.plain.strip()]
        yield Panel(Text("\n").join(lines[-(height - 2) :]), title="[bold]one answer[/]")
