"""The security model: every threat has an answer and a proof that is there."""

import ast
import re

from tests.docs.pages import ROOT, page

PAGE = page("docs/security.md")
TEST = re.compile(r"`(tests/[\w/]+\.py)(?:::(\w+))?`")
COMMAND = re.compile(r"`streamways check [^`]+`")


def functions(path: str) -> set[str]:
    """The tests of a file."""
    tree = ast.parse((ROOT / path).read_text(encoding="utf-8"))
    return {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)}


def test_each_threat_has_an_answer_and_a_test_or_a_case_that_shows_it() -> None:
    rows = PAGE.table_after("Threats")
    assert len(rows) > 20
    for threat, answer, shown in rows:
        assert threat
        assert answer
        assert TEST.search(shown) or COMMAND.search(shown), threat


def test_every_test_that_the_page_names_exists() -> None:
    """Cases of `streamways check` are looked for in `test_comparison`, on every page."""
    named = [(found[1], found[2]) for found in TEST.finditer(PAGE.text)]
    assert named
    missing = [path for path, _ in named if not (ROOT / path).is_file()]
    assert missing == []
    assert [(path, name) for path, name in named if name and name not in functions(path)] == []


def test_every_secret_of_the_program_says_what_it_opens() -> None:
    rows = {row[0]: row for row in PAGE.table_after("What each secret protects")}
    assert {"access token", "ticket", "password", "webhook of an alarm"} <= set(rows)
    assert all(len(row) == 5 and all(row) for row in rows.values())
