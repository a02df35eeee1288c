"""`--save`: what a command found out goes into a file, and standard error says where it is."""

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from streamways.bench.table import Row
from streamways.clients.outputs import StackOutputs
from streamways.results.saved import Saved


def keep(folder: Path, what: str, tables: Mapping[str, Sequence[Row]], outputs: StackOutputs | None) -> None:
    """Saves what was measured; `outputs` are those of a stack that is no sandbox. Raises CommandError."""
    path = Saved.now(what, tables, outputs).write(folder)
    print(f"streamways: saved in {path}", file=sys.stderr)
