"""What Python files import, read from their source; nothing is run."""

import ast
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def sources(package: str, root: Path = ROOT) -> list[Path]:
    """The Python files of a folder, in order."""
    return sorted((root / package).rglob("*.py"))


@cache
def imported(path: Path) -> frozenset[str]:
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
    return frozenset(names)


@cache
def files_of(module: str, root: Path = ROOT) -> list[Path]:
    """The files that importing a module of this repository reads: its own, and each `__init__` above it."""
    parts = module.split(".")
    bases = [root.joinpath(*parts[:end]) for end in range(1, len(parts) + 1)]
    return [path for base in bases for path in (base.with_suffix(".py"), base / "__init__.py") if path.is_file()]


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
