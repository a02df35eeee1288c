"""`logs`: what the functions of a sandbox wrote, out of the files that stand for their log groups."""

import json
import time
from collections.abc import Iterator
from datetime import datetime
from operator import itemgetter
from pathlib import Path
from typing import cast

from sandbox import state
from sandbox.options import SandboxOptions
from streamways.cli.text import printable

POLL_SECONDS = 0.2
Event = tuple[int, str, str]
"""Epoch milliseconds, function, message."""


class LogFiles:
    """Reads a folder of JSON-lines files on, from where it left off; files may come later."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._positions: dict[Path, int] = {}

    def new_events(self) -> list[Event]:
        """What was written since the last call, by time."""
        events = [event for path in sorted(self._folder.glob("*.jsonl")) for event in self._read(path)]
        return sorted(events, key=itemgetter(0))  # by time alone: lines of one moment stay in their order

    def _read(self, path: Path) -> Iterator[Event]:
        with path.open("rb") as file:
            file.seek(self._positions.get(path, 0))
            written = file.read()
        complete = written[: written.rfind(b"\n") + 1]
        self._positions[path] = self._positions.get(path, 0) + len(complete)
        for line in complete.splitlines():
            event = cast("dict[str, object]", json.loads(line))
            yield int(cast("int", event["timestamp"])), str(event["function"]), str(event["message"])


def print_logs(running: state.State, *, follow: bool) -> None:
    """Prints what is there; then, if asked, what comes, until the sandbox ends."""
    state_root = SandboxOptions().state_root
    files = LogFiles(state.folder(state_root, running.port) / "logs")
    _print(files.new_events())
    while follow and state.read(state_root, running.port) is not None:
        time.sleep(POLL_SECONDS)
        _print(files.new_events())


def _print(events: list[Event]) -> None:
    for timestamp, function, message in events:
        at = datetime.fromtimestamp(timestamp / 1000).astimezone()
        for line in message.rstrip("\n").split("\n"):
            print(f"{at:%H:%M:%S}.{timestamp % 1000:03d}  {function}  {printable(line)}", flush=True)
