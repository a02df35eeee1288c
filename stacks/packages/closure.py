"""What a module imports, read from its source: nothing is executed.

A function's package holds the modules that its entry reaches and no others. Dynamic imports (`importlib`, `__import__`)
cannot be seen this way, and relative ones are refused: the project uses neither.
"""

import ast
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from stacks.errors import PackageError


@dataclass(frozen=True)
class Closure:
    """Everything that importing one module brings."""

    files: Mapping[str, Path]
    """Name in the package (`shared/errors.py`) → source file, sorted."""
    imports: frozenset[str]
    """Top-level names of the other modules that are imported: the standard library and what is installed."""


def closure(entry: str, root: Path) -> Closure:
    """Follow the imports of the module `entry` below `root`, among the packages that lie there.

    A data file travels with the module that names it: a string constant that is the name of a file in the module's
    folder, or in one above it (`Path(__file__).parents[1] / "prices.json"`). Raises `PackageError`.
    """
    files: dict[str, Path] = {}
    imports: set[str] = set()
    ours = frozenset(path.parent.name for path in root.glob("*/__init__.py"))
    if _file_of(entry, root) is None:
        raise PackageError(
            f"There is no module {entry} below {root}: a package is built from its project's own sources."
        )
    waiting = _with_parents(entry, ours)
    seen: set[str] = set()
    while waiting:
        module = waiting.pop()
        if module in seen:
            continue
        seen.add(module)
        if module.partition(".")[0] not in ours:
            imports.add(module.partition(".")[0])
            continue
        path = _file_of(module, root)
        if path is None:
            raise PackageError(
                f"The package of {entry} imports {module}, and there is no such module below {root}: "
                f"add it, or drop the import."
            )
        source = _read(path, path.stat().st_mtime_ns)
        files[path.relative_to(root).as_posix()] = path
        for data in _data_files(source, path, root):
            files[data.relative_to(root).as_posix()] = data
        for name in _imported(source, root):
            waiting.extend(_with_parents(name, ours))
    return Closure(files=dict(sorted(files.items())), imports=frozenset(imports))


def _with_parents(module: str, ours: frozenset[str]) -> list[str]:
    """`a.b.c` → `a`, `a.b`, `a.b.c`: importing a module runs the `__init__` of each package above it."""
    if module.partition(".")[0] not in ours:
        return [module]
    parts = module.split(".")
    return [".".join(parts[: end + 1]) for end in range(len(parts))]


def _file_of(module: str, root: Path) -> Path | None:
    base = root.joinpath(*module.split("."))
    for path in (base.with_name(base.name + ".py"), base / "__init__.py"):
        if path.is_file():
            return path
    return None


@dataclass(frozen=True)
class _Source:
    """What one file says that matters here."""

    imports: tuple[tuple[str, tuple[str, ...]], ...]
    """Modules, each with the names that are taken from it."""
    texts: frozenset[str]
    """String constants."""


@cache
def _read(path: Path, _modified_ns: int) -> _Source:
    """Read a file once for all packages that it goes into, and anew when it has changed."""
    tree = ast.parse(path.read_bytes(), filename=str(path))
    imports: list[tuple[str, tuple[str, ...]]] = []
    for node in _executed(tree):
        if isinstance(node, ast.Import):
            imports += [(alias.name, ()) for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            if node.level or node.module is None:
                raise PackageError(f"{path}:{node.lineno} imports relatively; write the absolute name.")
            imports.append((node.module, tuple(alias.name for alias in node.names)))
    constants = (node.value for node in ast.walk(tree) if isinstance(node, ast.Constant))
    return _Source(tuple(imports), frozenset(value for value in constants if isinstance(value, str)))


def _imported(source: _Source, root: Path) -> Iterator[str]:
    for module, names in source.imports:
        yield module
        yield from (f"{module}.{name}" for name in names if _file_of(f"{module}.{name}", root))


def _executed(node: ast.AST) -> Iterator[ast.AST]:
    """All nodes below `node`, without the bodies of `if TYPE_CHECKING:`, which never run."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.If) and _is_type_checking(child.test):
            for other in child.orelse:
                yield other
                yield from _executed(other)
            continue
        yield child
        yield from _executed(child)


def _is_type_checking(test: ast.expr) -> bool:
    return (isinstance(test, ast.Name) and test.id == "TYPE_CHECKING") or (
        isinstance(test, ast.Attribute) and test.attr == "TYPE_CHECKING"
    )


def _data_files(source: _Source, path: Path, root: Path) -> Iterator[Path]:
    folder = path.parent
    while folder != root:
        for beside in folder.iterdir():
            if beside.name in source.texts and beside.suffix != ".py" and beside.is_file():
                yield beside
        folder = folder.parent
