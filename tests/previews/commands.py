"""Stand-ins for the command lines that no package registry has: they write down how they were called."""

import json
import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

SCRIPT = """#!{python} -SE
import json, os, pathlib, sys
name, arguments = os.path.basename(sys.argv[0]), sys.argv[1:]
folder = pathlib.Path({folder!r})
given = sys.stdin.read() if "file:///dev/stdin" in arguments else ""
with open(folder / "calls", "a") as calls:
    print(json.dumps([name, arguments, dict(os.environ), given]), file=calls)
line = " ".join([name, *arguments])
for begin, code, text in json.loads((folder / "answers").read_text()):
    if line.startswith(begin):
        sys.stdout.write(text)
        if code:
            sys.stderr.write("error: " + name + " failed\\n")
        sys.exit(code)
"""


@dataclass(frozen=True)
class Call:
    """How a command was called."""

    name: str
    arguments: list[str]
    environment: dict[str, str]
    given: str
    """What it read from its standard input, if it was told to."""

    @property
    def line(self) -> str:
        return " ".join([self.name, *self.arguments])


@dataclass
class Commands:
    """A folder for the path, with stand-ins of these names."""

    folder: Path
    names: tuple[str, ...] = ("pulumi",)

    def __post_init__(self) -> None:
        self._answers: list[tuple[str, int, str]] = [("pulumi stack export", 0, json.dumps(state()))]
        self.folder.mkdir()
        for name in self.names:
            (self.folder / name).write_text(SCRIPT.format(python=sys.executable, folder=str(self.folder)))
            (self.folder / name).chmod(0o755)
        self._save()

    @property
    def path(self) -> str:
        return f"{self.folder}:{os.environ['PATH']}"

    def answer(self, begin: str, text: object = "", code: int = 0) -> None:
        """What a command line that begins so prints, JSON unless it is text, and its exit code."""
        self._answers.insert(0, (begin, code, text if isinstance(text, str) else json.dumps(text)))
        self._save()

    def calls(self, begin: str = "") -> list[Call]:
        """The calls so far whose line begins so."""
        file = self.folder / "calls"
        lines = file.read_text().splitlines() if file.exists() else []
        return [call for call in (Call(*json.loads(line)) for line in lines) if call.line.startswith(begin)]

    def _save(self) -> None:
        (self.folder / "answers").write_text(json.dumps(self._answers))


def state(*more: Mapping[str, Any]) -> dict[str, Any]:
    """What `pulumi stack export` prints for a preview, with more resources in it."""
    kinds = (
        "pulumi:pulumi:Stack",
        "pulumi:providers:aws",
        "streamways:index:Identity",
        "aws:cognito/userPool:UserPool",
    )
    return {"version": 3, "deployment": {"manifest": {}, "resources": [*({"type": kind} for kind in kinds), *more]}}


def stack(name: str, last_update: str | None = "2026-11-21T10:00:00.000Z", **more: Any) -> Mapping[str, Any]:
    """A row of `pulumi stack ls --json`."""
    moment = {} if last_update is None else {"lastUpdate": last_update}
    return {"name": name, "current": False, **moment, "resourceCount": 116, **more}
