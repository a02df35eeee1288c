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
