"""What Python files import, read from their source; nothing is run."""

import ast
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def sources(package: str, root: Path = ROOT) -> list[Path]:
    """The Python files of a folder, in order."""
    return sorted((root / package).rglob("*.py"))


def imported(path: Path) -> set[str]:
    """Each module that a file names in an import, anywhere in it: `from a import b` names `a` and, maybe, `a.b`."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_bytes(), filename=str(path))):
        if isinstance(node, ast.Import):
            names.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}:{node.lineno} imports relatively"
            assert node.module is not None
            names.add(node.module)
            names.update(f"{node.module}.{alias.name}" for alias in node.names)
    return names


def files_of(module: str, root: Path = ROOT) -> Iterator[Path]:
    """The files that importing a module of this repository reads: its own, and each `__init__` above it."""
    parts = module.split(".")
    for end in range(1, len(parts) + 1):
        base = root.joinpath(*parts[:end])
        for path in (base.with_suffix(".py"), base / "__init__.py"):
            if path.is_file():
                yield path


def reached(start: Path, packages: frozenset[str], root: Path = ROOT) -> set[Path]:
    """A file, and all files of these packages that it imports, directly or not."""
    found: set[Path] = set()
    waiting = [start]
    while waiting:
        path = waiting.pop()
        if path in found:
            continue
        found.add(path)
        for module in imported(path):
            if module.partition(".")[0] in packages:
                waiting.extend(files_of(module, root))
    return found
