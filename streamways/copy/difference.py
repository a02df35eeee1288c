"""`streamways copy --diff`: what has changed since a project was copied, here and there, file by file.

A file is compared in three states: as it was written (the hash in the provenance), as it is in the project, and as it
would be written today.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from streamways.copy.project import File
from streamways.copy.provenance import FILE, Provenance, sha256


@dataclass(frozen=True)
class Change:
    """What became of one file of the project. `theirs` and `upstream` say how: `changed`, `added`, `removed`."""

    path: str
    source: str | None
    """Its path in this repository."""
    theirs: str | None
    upstream: str | None

    @property
    def who(self) -> str:
        """`theirs`, `upstream` or `both`."""
        if self.theirs and self.upstream:
            return "both"
        return "theirs" if self.theirs else "upstream"

    def line(self) -> str:
        """As the command prints it."""
        what = self.theirs if self.theirs == self.upstream or not self.upstream else self.upstream
        if self.theirs and self.upstream and self.theirs != self.upstream:
            what = f"{self.theirs} by them, {self.upstream} upstream"
        return f"{self.who:<9} {what:<8} {self.path}" + (f"  ({self.source})" if self.source else "")


def difference(folder: Path, remembered: Provenance, today: Mapping[str, File]) -> list[Change]:
    """The changes of a project, by path. What both changed alike is no change, and neither is what the project added.

    `today` is what would be written now.
    """
    changes: list[Change] = []
    for path in sorted({*remembered.files, *today} - {FILE}):
        source, base = remembered.files.get(path, (None, None))
        file = today.get(path)
        there, here = _hash(folder / path), sha256(file.content) if file else None
        if there != here:
            changes.append(Change(path, file.source if file else source, _change(base, there), _change(base, here)))
    return changes


def _change(base: str | None, now: str | None) -> str | None:
    if base == now:
        return None
    if base is None:
        return "added"
    return "removed" if now is None else "changed"


def _hash(path: Path) -> str | None:
    try:
        return sha256(path.read_bytes())
    except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
        return None
