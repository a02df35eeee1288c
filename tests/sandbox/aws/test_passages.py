"""Which passages of the documentation the emulated model may quote, and that they answer what a visitor asks."""

import re
from pathlib import Path

import pytest

from sandbox.aws.model import DocsModel
from sandbox.aws.passages import REFERENCE, read_passages, split
from sandbox.options import PROJECT_ROOT
from streamways.cli.demo import PROMPT
from tests.docs.pages import PAGES

DOCS = PROJECT_ROOT / "docs"
COMMAND = re.compile(r"streamways (?:race|ask|demo) [\"']([^\"']+)[\"']")
SUGGESTING = [*(page.path for page in PAGES), *sorted((PROJECT_ROOT / "streamways" / "cli").glob("*.py"))]
SUGGESTED = sorted({PROMPT, *(prompt for path in SUGGESTING for prompt in COMMAND.findall(path.read_text()))})


def test_pages_that_list_details_are_not_quoted(tmp_path: Path) -> None:
    docs = tmp_path / "docs"
    (docs / "adr").mkdir(parents=True)
    (docs / "architectures").mkdir()
    for name in ("adr/0001.md", "protocol.md", "guide.md", "architectures/protocol.md"):
        (docs / name).write_text("# A page\n\nIts text.\n")
    assert [passage.path for passage in read_passages(docs)] == ["docs/architectures/protocol.md", "docs/guide.md"]


@pytest.mark.parametrize("name", sorted(REFERENCE))
def test_every_page_that_is_not_quoted_exists(name: str) -> None:
    assert (DOCS / name).exists()


@pytest.mark.parametrize(
    ("head", "row", "line"),
    [
        ("| word | meaning |", "| outbox | A buffer. |", "- outbox: A buffer."),
        ("| word | meaning | until November 2026 |", "| outbox | A buffer. | Box |", "- outbox: A buffer."),
        ("| limit | value | source |", "| frame | 32 KB | [page](https://x.example) |", "- frame: 32 KB"),
        ("| fault | event | message |", "| late | held | lost |", "- late: event: held; message: lost"),
        ("| fault | event | message |", "| late | held | |", "- late: event: held"),
    ],
)
def test_a_row_of_a_table_is_a_line_that_can_be_read_alone(head: str, row: str, line: str) -> None:
    rule = re.sub(r"[^|]+", "---", head)
    [passage] = split(f"# A page\n\n{head}\n{rule}\n{row}\n", "docs/page.md")
    assert passage.text == line


def test_a_prompt_is_suggested_by_the_readme_the_quickstart_the_help_and_the_demo() -> None:
    suggesting = {path.name for path in SUGGESTING if COMMAND.search(path.read_text())}
    assert {"README.md", "quickstart.md", "app.py", "demo.py"} <= suggesting


@pytest.mark.parametrize("prompt", SUGGESTED)
def test_a_prompt_that_the_project_suggests_is_answered_by_a_page(prompt: str) -> None:
    answer = DocsModel(DOCS).answer(prompt)
    assert answer.startswith("From the documentation, ")
    assert "\n\nSource: " in answer
