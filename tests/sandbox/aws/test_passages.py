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
CODE = re.compile(r"`+[^`]+`+")
MARKS = re.compile(r"\||\*|\]\(|</?[a-z]|```|^- ", re.MULTILINE)
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


SENTENCE = "The outbox merges what comes while a delivery is under way."
FURTHER = (
    "It sends the first text at once, so that nobody waits for it, and holds back nothing after the end of an answer."
)


@pytest.mark.parametrize(
    "beside",
    [
        "| limit | value |\n|---|---|\n| frame | 32 KB. |",
        "| lonely |",
        "* Its size. It is bounded.\n* Its pace.",
        "1. Open it.\n2. Read it.",
        "```bash\nstreamways race.\n```",
        "What it holds:",
        "<!-- A remark. -->",
        "![A drawing.](outbox.svg)",
    ],
)
def test_whole_sentences_are_quoted_and_nothing_of_what_stands_beside_them(beside: str) -> None:
    [passage] = split(f"# A page\n\n{SENTENCE}\n\n{beside}\n\n{FURTHER}\n", "docs/page.md")
    assert passage.text == f"{SENTENCE}\n\n{FURTHER}"


def test_the_caption_of_what_is_left_out_is_left_out_too() -> None:
    assert (
        split("# A page\n\nValues are in seconds.\n\n| limit | value |\n|---|---|\n| frame | 32 |\n", "docs/page.md")
        == []
    )
    [passage] = split("# A page\n\nValues are in seconds.\n", "docs/page.md")
    assert passage.text == "Values are in seconds."


def test_a_list_right_below_a_paragraph_is_no_part_of_it() -> None:
    assert split(f"# A page\n\nTwo things:\n* {SENTENCE}\n", "docs/page.md") == []
    [passage] = split(f"# A page\n\n{FURTHER}\n- {SENTENCE}\n", "docs/page.md")
    assert passage.text == FURTHER


@pytest.mark.parametrize("head", ["| word | meaning |", "| word | meaning | until November 2026 |"])
def test_each_row_of_a_table_that_defines_words_is_a_passage(head: str) -> None:
    rule = re.sub(r"[^|]+", "---", head)
    rows = f"| outbox | {SENTENCE} | Box |\n| [lease](x.md) | *The* right to run. | |\n| broken |"
    outbox, lease = split(f"# A page\n\n{head}\n{rule}\n{rows}\n", "docs/page.md")
    assert (outbox.heading, outbox.text) == ("outbox", SENTENCE)
    assert (lease.heading, lease.text) == ("lease", "The right to run.")


def test_every_passage_of_this_documentation_reads_as_prose() -> None:
    passages = read_passages(DOCS)
    assert len(passages) > 100
    assert [passage for passage in passages if not is_prose(passage.text)] == []


def is_prose(text: str) -> bool:
    """Whole sentences, and no mark of Markdown but those of code spans."""
    bare = CODE.sub("code", text)
    ends = [paragraph.rstrip(')”"')[-1:] for paragraph in bare.split("\n\n")]
    return not MARKS.search(bare) and set(ends) <= set(".!?")


def test_a_prompt_is_suggested_by_the_readme_the_quickstart_the_help_and_the_demo() -> None:
    suggesting = {path.name for path in SUGGESTING if COMMAND.search(path.read_text())}
    assert {"README.md", "quickstart.md", "stream_commands.py", "demo.py"} <= suggesting


@pytest.mark.parametrize("prompt", SUGGESTED)
def test_a_prompt_that_the_project_suggests_is_answered_by_a_page(prompt: str) -> None:
    answer = DocsModel(DOCS).answer(prompt)
    assert answer.startswith("From the documentation, ")
    assert "\n\nSource: " in answer
