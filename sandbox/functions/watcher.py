"""Hot reload: edits to the code that functions run take effect on the next invocation."""

from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path

from watchfiles import awatch  # pyright: ignore[reportUnknownVariableType]  (its optional trio types)

DEBOUNCE_MS = 200
"""Editors write a file in several steps; changes within this time count as one."""


async def watch(folders: Sequence[Path], on_change: Callable[[], Awaitable[None]]) -> None:
    """Call `on_change` after each change below `folders`, until cancelled."""
    async for _ in awatch(*folders, debounce=DEBOUNCE_MS, step=20):
        await on_change()
