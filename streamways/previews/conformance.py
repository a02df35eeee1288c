"""The result of `streamways check --json`, as far as a comment shows it: counts and names, never a reason in words."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Self, cast

from streamways.clients.client import ARCHITECTURES
from streamways.conformance.catalog import all_cases

OUTCOMES: Final = ("passed", "failed", "not run")


@dataclass(frozen=True)
class Conformance:
    """What a run of the suite came to."""

    counts: Mapping[str, int]
    """By outcome; empty if the run did not come to its end."""
    failed: tuple[str, ...]
    """Cases that failed, each with where: `cancel on websocket`."""

    @classmethod
    def read(cls, path: Path) -> Self | None:
        """From a file with the command's output; None for a file that is not there or holds something else."""
        try:
            rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]
            cases = [row for row in rows if row["event"] == "case"]
            ends = [row for row in rows if row["event"] == "summary"]
            failed = tuple(_named(row) for row in cases if row["outcome"] == "failed")
            return cls({name: int(ends[-1][name]) for name in OUTCOMES} if ends else {}, failed)
        except (OSError, ValueError, TypeError, KeyError):
            return None


def _named(row: Mapping[str, Any]) -> str:
    """Names that the suite has; others are not repeated."""
    known = {case.name for case in all_cases()}
    where = [name for name in cast("list[Any]", row["on"]) if name in ARCHITECTURES]
    return f"{row['case'] if row['case'] in known else 'an unknown case'} on {' and '.join(where) or 'nothing'}"
