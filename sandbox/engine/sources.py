"""The files that a program is made of: the modules that it imports, and what else of its project it reads."""

import os
import sys
from collections.abc import Iterator
from pathlib import Path

CODE = (".py", ".pyc")
"""A program that packs functions reads their code too, and is not made of it."""

_read: set[Path] = set()
_written: set[Path] = set()


def _note(event: str, arguments: tuple[object, ...]) -> None:
    """https://docs.python.org/3/library/audit_events.html: `open` has path, mode and flags."""
    if event == "open" and isinstance(arguments[0], str) and isinstance(arguments[2], int):
        changes = arguments[2] & (os.O_WRONLY | os.O_RDWR)
        (_written if changes else _read).add(Path(arguments[0]).absolute())


def take_note() -> None:
    """From now on, and to the end of the process."""
    sys.addaudithook(_note)


def files(root: Path, program: Path) -> list[Path]:
    """What the program was made of so far: modules below `root`, and other files in folders below it.

    What lies in `root` itself, beside the modules, is the project's: its settings and its lock.
    """
    root = root.resolve()
    imported = (getattr(module, "__file__", None) for module in tuple(sys.modules.values()))
    modules = {Path(file).resolve() for file in imported if file}
    modules.add((program / "__main__.py" if program.is_dir() else program).resolve())
    data = {path.resolve() for path in tuple(_read - _written) if path.suffix not in CODE}
    return sorted({*_own(modules, root), *(path for path in _own(data, root) if path.parent != root)})


def _own(paths: set[Path], root: Path) -> Iterator[Path]:
    """Those below `root` that no tool has put there."""
    for path in paths:
        if path.is_relative_to(root):
            parts = path.relative_to(root).parts
            if path.is_file() and "site-packages" not in parts and not any(part.startswith(".") for part in parts):
                yield path
