"""A file has one subject and fits in a reader's head; a folder says what lives in it."""

import ast
from pathlib import Path

import pytest

from tests.support.imports import ROOT, sources

PACKAGES = ("stacks", "handlers", "shared", "sandbox", "streamways")
FILES = [path for package in PACKAGES for path in sources(package)]
MAX_LINES = 300
LONGER: dict[str, int] = {}
"""Files that may be longer, with how long; each needs a reason beside it."""


def name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


@pytest.mark.parametrize("path", FILES, ids=name)
def test_a_module_says_what_it_is(path: Path) -> None:
    assert ast.get_docstring(ast.parse(path.read_bytes())), f"{name(path)} has no docstring"


@pytest.mark.parametrize("package", PACKAGES)
def test_each_folder_of_code_is_a_package(package: str) -> None:
    folders = {path.parent for path in sources(package)}
    assert {name(folder) for folder in folders if not (folder / "__init__.py").is_file()} == set()


def test_no_file_is_longer_than_a_reader_can_hold() -> None:
    lengths = {name(path): len(path.read_text().splitlines()) for path in FILES}
    assert {file: lines for file, lines in lengths.items() if lines > LONGER.get(file, MAX_LINES)} == {}
    assert set(LONGER) <= {file for file, lines in lengths.items() if lines > MAX_LINES}, "not needed any more"
