"""A picture that is drawn in place on a terminal while an answer comes."""

from abc import ABC, abstractmethod
from types import TracebackType
from typing import Final, Self

from rich.console import Console, ConsoleOptions, RenderResult
from rich.live import Live

FRAMES_PER_SECOND: Final = 12
MARGIN: Final = 2
"""Lines of the terminal that stay free below."""
FRAME: Final = 4
"""Columns that the frame of a panel takes."""
LEAST_HEIGHT: Final = 4


class LivePicture(ABC):
    """On leaving, the last picture stays."""

    def __init__(self, console: Console | None) -> None:
        self._live = Live(self, console=console, refresh_per_second=FRAMES_PER_SECOND, vertical_overflow="crop")

    def __enter__(self) -> Self:
        self._live.start(refresh=True)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._live.stop()

    @abstractmethod
    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """The picture as it is now."""
        ...


def height_on(console: Console, wanted: int) -> int:
    """Lines for a picture that wants so many, its frame included, where the terminal is high enough."""
    return max(min(wanted, console.height - MARGIN), LEAST_HEIGHT)
