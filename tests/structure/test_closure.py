"""Made to be taken apart: what one architecture's functions import, and their tests, pass alone in an empty folder."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from shared.contract.architectures import DESCRIPTORS
from stacks.packages import code_files
from tests.support import node, stock
from tests.support.imports import ROOT, reached, sources

ARCHITECTURES = {name: one.folder for name, one in DESCRIPTORS.items()}
TESTED = ("tests/auth", "tests/protocol", "tests/core", "tests/handlers")
"""The folders whose tests can leave with an architecture."""
SITE_PACKAGES = Path(pytest.__file__).resolve().parents[1]
FIRST_PARTY = frozenset({"handlers", "shared", "tests"})


@cache
def closure(architecture: str) -> frozenset[Path]:
    """What its functions are made of: the modules of their packages, and what else lies in its own folder."""
    packages = [package.name for package in DESCRIPTORS[architecture].packages.values()]
    assert packages
    code = {path for name in packages for path in code_files(name).values()}
    folder = ROOT / "handlers" / ARCHITECTURES[architecture]
    return frozenset(code | {path for path in folder.rglob("*") if path.is_file() and "__pycache__" not in path.parts})


@cache
def needs(test: Path) -> frozenset[Path]:
    """The files that a test imports, itself and the `conftest`s above it included."""
    conftests = [folder / "conftest.py" for folder in test.parents if (folder / "conftest.py").is_file()]
    return frozenset(path for start in (test, *conftests) for path in reached(start, FIRST_PARTY))


def code(files: frozenset[Path]) -> frozenset[Path]:
    """Those of handlers and shared."""
    return frozenset(path for path in files if path.relative_to(ROOT).parts[0] in ("handlers", "shared"))


def candidates() -> Iterator[Path]:
    for folder in TESTED:
        yield from (path for path in sources(folder) if path.name.startswith("test_"))


def own_tests(architecture: str) -> list[Path]:
    """The tests that need nothing beyond the architecture's closure."""
    return [test for test in candidates() if code(needs(test)) <= closure(architecture)]


def home(test: Path) -> str:
    """The architecture where a test runs alone: of those that it may leave with, the one with the least code.

    In the others it is only collected, which imports all it needs; to run the same again would prove nothing more.
    """
    fitting = [architecture for architecture in ARCHITECTURES if code(needs(test)) <= closure(architecture)]
    return min(fitting, key=lambda architecture: len(closure(architecture)))


def copied(files: frozenset[Path], to: Path) -> None:
    for path in files:
        target = to / path.relative_to(ROOT)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(path, target)


def alone(architecture: str, folder: Path) -> "subprocess.Popen[str]":
    """Starts the tests of an architecture in a folder that holds nothing else, on a path that leads nowhere else."""
    chosen = own_tests(architecture)
    elsewhere = [test.relative_to(ROOT).as_posix() for test in chosen if home(test) != architecture]
    support = frozenset(path for test in chosen for path in needs(test))
    clients = frozenset([*stock.sources().values(), ROOT / "frontend-sample/package-lock.json"])
    copied(closure(architecture) | support | clients | {ROOT / "pyproject.toml"}, folder)
    return subprocess.Popen(
        # -S: no `.pth` files, so that the repository itself is not on the path.
        [sys.executable, "-S", "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:xdist", "tests"]
        + [f"--deselect={test}" for test in elsewhere],
        cwd=folder,
        env={
            **{name: value for name, value in os.environ.items() if not name.startswith(("PYTEST", "AWS_"))},
            "PYTHONPATH": str(SITE_PACKAGES),
            "HYPOTHESIS_PROFILE": "quick",
            "HYPOTHESIS_STORAGE_DIRECTORY": str(ROOT / ".hypothesis"),
            node.BUILD_FOLDER_VARIABLE: str(ROOT / "build"),
        },
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def test_each_architecture_passes_its_tests_alone_in_an_empty_folder(tmp_path: Path) -> None:
    running = {architecture: alone(architecture, tmp_path / architecture) for architecture in ARCHITECTURES}
    try:
        outputs = {architecture: process.communicate()[0] for architecture, process in running.items()}
    finally:
        for process in running.values():
            process.kill()
    failed = {architecture: outputs[architecture] for architecture, process in running.items() if process.returncode}
    assert not failed, "\n".join(f"{architecture}: {output[-5000:]}" for architecture, output in failed.items())
    assert all(" passed" in output for output in outputs.values())


def test_each_test_leaves_with_some_architecture() -> None:
    left = {test for architecture in ARCHITECTURES for test in own_tests(architecture)}
    assert {path.relative_to(ROOT).as_posix() for path in set(candidates()) - left} == set()


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_an_architecture_takes_tests_of_each_kind_along(architecture: str) -> None:
    own = {test.relative_to(ROOT).as_posix() for test in own_tests(architecture)}
    assert {"tests/auth/test_user.py", "tests/protocol/test_request.py", "tests/core/generation/test_run.py"} <= own
    assert {path for path in own if path.startswith("tests/handlers/")} == {
        test.relative_to(ROOT).as_posix()
        for test in sources(f"tests/handlers/{ARCHITECTURES[architecture]}")
        if test.name.startswith("test_")
    }


def test_what_an_architecture_leaves_behind_is_not_found_there(tmp_path: Path) -> None:
    copied(closure("appsync"), tmp_path)
    search = "import importlib.util, sys; sys.exit(any(importlib.util.find_spec(name) for name in sys.argv[1:]))"
    absent = ["sandbox", "stacks", "handlers.websocket", "handlers.function_url", "shared.auth.jwks"]
    run = subprocess.run(
        [sys.executable, "-S", "-c", search, *absent],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(SITE_PACKAGES)},
        check=False,
    )
    assert run.returncode == 0
