"""Code in the documentation is a piece of a file that a test runs or compiles; its block names the file."""

import re
import textwrap
from collections import Counter
from collections.abc import Iterator

import pytest

from tests.docs.pages import DOCS, PAGES, Page

BLOCK = re.compile(r"^```(\w+)(?: title=\"([^\"\n]+)\")?\n(.*?)^```$", re.MULTILINE | re.DOTALL)
CODE = frozenset({"ts", "tsx", "js", "sh", "py"})
WITHOUT_A_FILE = {"docs/architectures/function-url.md": 1, "docs/sandbox.md": 2}
"""Blocks of a page that no file has: the one for AI SDK v4, whose packages exclude those of v7; and how to sign in,
which `tests/end_to_end/test_sign_in.py` runs from the page."""


def blocks(source: Page) -> Iterator[tuple[str, str, str]]:
    """Language, title and body of each block of code."""
    for language, title, body in BLOCK.findall(source.text):
        if language in CODE or title:
            yield language, title, body


def lines(text: str) -> list[str]:
    return textwrap.dedent(text).strip("\n").splitlines()


def holds(file: str, body: str) -> bool:
    """Whether a file has the lines of a block, one after the other and however far they are indented."""
    searched, all_lines = lines(body), file.splitlines()
    starts = range(len(all_lines) - len(searched) + 1)
    return any(lines("\n".join(all_lines[start : start + len(searched)])) == searched for start in starts)


@pytest.mark.parametrize("source", PAGES, ids=lambda one: one.name)
def test_every_block_of_code_is_a_piece_of_the_file_it_names(source: Page) -> None:
    without = Counter(source.name for _, title, _ in blocks(source) if not title)
    assert without == {name: count for name, count in WITHOUT_A_FILE.items() if name == source.name}
    for _, title, body in blocks(source):
        if title:
            assert holds((DOCS / title).read_text(), body), f"{title} has no such lines:\n{body}"


def test_every_example_is_shown() -> None:
    shown = {title for source in PAGES for _, title, _ in blocks(source)}
    assert {f"examples/{path.name}" for path in (DOCS / "examples").iterdir() if path.is_file()} == shown - {""}


@pytest.mark.parametrize("body", ["a();\nc();\n", "b( );\n", "  a();\nb();\n"])
def test_a_block_that_differs_is_noticed(body: str) -> None:
    assert holds("{\n  a();\n  b();\n  c();\n}\n", "a();\nb();\n")
    assert not holds("{\n  a();\n  b();\n  c();\n}\n", body)
