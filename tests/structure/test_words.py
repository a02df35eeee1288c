"""A word that was retired is used nowhere but in the glossary, which names its successor, and in accepted decisions."""

import re
from functools import cache
from pathlib import Path

import pytest

from tests.docs.pages import page
from tests.support.imports import ROOT

TEXTS = ("*.py", "*.md", "*.ts", "*.js", "*.graphql")
FOLDERS = ("docs", "frontend-sample/src", "handlers", "sandbox", "shared", "stacks", "streamways", "tests")
EXEMPT = ("docs/adr/", "docs/glossary.md", "tests/structure/test_words.py")
MODELS_ALONE = {"Line": "shared/models"}
"""Words that mean something else outside this folder."""


def retired() -> list[str]:
    """The last column of the glossary's tables."""
    rows = re.findall(r"^\|.*\| ([^|]+) \|$", page("docs/glossary.md").text, re.MULTILINE)
    words = {word.strip() for row in rows for word in row.split(",")}
    return sorted(word for word in words if word and not word.startswith(("---", "until")))


@cache
def files() -> dict[str, str]:
    paths = [ROOT / "README.md", ROOT / "CONTRIBUTING.md"]
    paths += [path for folder in FOLDERS for kind in TEXTS for path in (ROOT / folder).rglob(kind)]
    names = {path.relative_to(ROOT).as_posix(): path for path in paths if "node_modules" not in path.parts}
    return {name: _text(path) for name, path in names.items() if not name.startswith(EXEMPT)}


def _text(path: Path) -> str:
    return path.read_text(encoding="utf-8")


def test_the_glossary_names_the_words_that_were_retired() -> None:
    assert {"pulse", "slot", "nonce", "Numbered", "Booking", "unwatched"} <= set(retired())


@pytest.mark.parametrize("word", retired())
def test_a_retired_word_is_used_nowhere(word: str) -> None:
    # An identifier is made of words, too; a word with a capital is the name of a class.
    name = re.compile(rf"(?<![^\W_]){word.replace(' ', '[ _]')}s?(?![^\W_])", 0 if word[0].isupper() else re.IGNORECASE)
    found = [
        f"{file}:{text.count(chr(10), 0, match.start()) + 1}"
        for file, text in files().items()
        if file.startswith(MODELS_ALONE.get(word, ""))
        for match in name.finditer(text)
    ]
    assert found == []
