"""What travels with an architecture: its functions, its component, and the tests that need nothing else.

All of it follows from the architecture's descriptor, from imports, and from names of files in the code: a further
architecture needs no edit here.
"""

import ast
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from shared.contract.architecture import Descriptor
from stacks.errors import PackageError
from stacks.packages import code_of
from streamways.errors import CommandError

COMPONENT_TESTS = ("tests/auth", "tests/chats", "tests/core", "tests/handlers", "tests/protocol")
"""The folders whose tests are about what runs in Lambda, and can leave with an architecture."""
FIRST_PARTY = frozenset({"handlers", "shared", "stacks", "sandbox", "streamways", "tests"})
CODE = ("handlers", "shared", "stacks")
"""The packages that an architecture consists of."""
BOOTSTRAP = "sandbox/bootstrap.py"
ALSO = ("LICENSE", BOOTSTRAP, "stacks/packages/__main__.py")
"""What nothing imports: the licence, what makes `.venv`, and what `make build` runs."""
NOT_SOURCES = frozenset({"__pycache__", "node_modules"})
"""Folders that Python and npm make beside sources."""


@dataclass(frozen=True)
class Sources:
    """Files of this repository, by their paths in it."""

    program: str
    """The Pulumi program with this architecture alone."""
    code: frozenset[str]
    """Of `handlers`, `shared` and `stacks`."""
    tests: tuple[str, ...]
    """The test modules, in order."""
    others: frozenset[str]
    """What the tests need besides, the licence and the tools."""

    @property
    def all(self) -> list[str]:
        """Each file once, in order."""
        return sorted({self.program, *self.code, *self.tests, *self.others})


def sources(architecture: Descriptor, root: Path) -> Sources:
    """What travels with an architecture of the checkout at `root`. Raises CommandError."""
    program = root / "docs" / "examples" / f"{architecture.folder}_alone.py"
    if not program.is_file() or not (root / "tests").is_dir():
        raise CommandError(
            f"{root} is no checkout of streamways, and what travels lies in one: clone the repository and run "
            "streamways copy of its .venv"
        )
    code = _code(architecture, program, root)
    tests = [test for test in candidates(root) if code_reached_by(test, root) <= code]
    support = {path for test in tests for path in _reached_by_test(test, root)} - code
    data = {path for module in support for path in _named_files(module, root)}
    others = (support - set(tests)) | data | {root / name for name in ALSO if not name.startswith(CODE)}
    return Sources(
        program=program.relative_to(root).as_posix(),
        code=_names(code, root),
        tests=tuple(sorted(_names(tests, root))),
        others=_names(others, root),
    )


def candidates(root: Path) -> Iterator[Path]:
    """The tests that can leave with some architecture."""
    for folder in COMPONENT_TESTS:
        yield from sorted((root / folder).rglob("test_*.py"))


def code_reached_by(test: Path, root: Path) -> frozenset[Path]:
    """The code that a test imports, directly or not, the sandbox's and the command line's included."""
    return frozenset(path for path in _reached_by_test(test, root) if path.relative_to(root).parts[0] != "tests")


def _code(architecture: Descriptor, program: Path, root: Path) -> frozenset[Path]:
    try:
        packed = {path for package in architecture.packages.values() for path in code_of(package, root=root).values()}
    except PackageError as error:
        raise CommandError(str(error)) from error
    folder = root / "handlers" / architecture.folder
    own = {path for path in folder.rglob("*") if path.is_file() and NOT_SOURCES.isdisjoint(path.parts)}
    also = {root / name for name in ALSO if name.startswith(CODE)}
    python = [path for path in (program, *packed, *own, *also) if path.suffix == ".py"]
    reached = {path for start in python for path in _reached(start, root)} - {program}
    return frozenset(reached | packed | own | also)


@cache
def _reached_by_test(test: Path, root: Path) -> frozenset[Path]:
    conftests = [folder / "conftest.py" for folder in test.parents if (folder / "conftest.py").is_file()]
    return frozenset(path for start in (test, *conftests) for path in _reached(start, root))


@cache
def _reached(start: Path, root: Path) -> frozenset[Path]:
    """A file, and all first-party files that it imports, directly or not; what only type checkers import, too."""
    found: set[Path] = set()
    waiting = [start]
    while waiting:
        path = waiting.pop()
        if path not in found:
            found.add(path)
            waiting.extend(_imported_by(path, root))
    return frozenset(found)


@cache
def _imported_by(path: Path, root: Path) -> frozenset[Path]:
    return frozenset(file for module in _read(path).imports for file in _files_of(module, root))


@dataclass(frozen=True)
class _Module:
    """What one file says that matters here."""

    imports: frozenset[str]
    """First-party modules. `from a import b` names `a` and, maybe, `a.b`."""
    texts: frozenset[str]
    """String constants."""


@cache
def _read(path: Path) -> _Module:
    imports: set[str] = set()
    texts: set[str] = set()
    for node in ast.walk(ast.parse(path.read_bytes(), filename=str(path))):
        if isinstance(node, ast.Import):
            imports.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            imports.update((node.module, *(f"{node.module}.{alias.name}" for alias in node.names)))
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            texts.add(node.value)
    return _Module(frozenset(name for name in imports if name.partition(".")[0] in FIRST_PARTY), frozenset(texts))


@cache
def _files_of(module: str, root: Path) -> tuple[Path, ...]:
    """The files that importing a module reads: its own, and each `__init__` above it."""
    parts = module.split(".")
    bases = [root.joinpath(*parts[:end]) for end in range(1, len(parts) + 1)]
    return tuple(path for base in bases for path in (base.with_suffix(".py"), base / "__init__.py") if path.is_file())


def _named_files(module: Path, root: Path) -> Iterator[Path]:
    """The data that a test, or what helps it, names by its path in the repository; with a package's manifest its lock.

    Python files travel because something imports or names them, and never because their folder is named.
    """
    if module.suffix != ".py":
        return
    for text in _read(module).texts:
        if "/" not in text or text.startswith(("/", ".")) or "\n" in text or " " in text:
            continue
        named = root / text
        for path in (named, named.with_name("package-lock.json")) if named.name == "package.json" else (named,):
            yield from (file for file in _files_below(path) if file.suffix != ".py" or file == named)


def _files_below(path: Path) -> Iterable[Path]:
    if path.is_file():
        return [path]
    return (file for file in path.rglob("*") if file.is_file() and NOT_SOURCES.isdisjoint(file.parts))


def _names(paths: Iterable[Path], root: Path) -> frozenset[str]:
    return frozenset(path.relative_to(root).as_posix() for path in paths)
