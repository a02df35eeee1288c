"""Markdown files as passages: plain paragraphs under their headings, short enough to quote.

Whatever reads badly in the middle of an answer is left out: front matter, code blocks, images, raw HTML and comments.
List items, admonitions and table rows carry meaning and are kept as text, a row as `column: cell`.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

PASSAGE_CHARACTERS = 700
"""A passage takes whole paragraphs until the next would exceed this; one longer paragraph is a passage of its own."""

REFERENCE = frozenset(
    {
        *("adr", "calculator.md", "clients.md", "comparison.md", "configuration.md", "deciding.md", "examples.md"),
        *("measurements.md", "protocol.md", "reference", "sandbox-and-aws.md"),
    }
)
"""Pages and folders of `docs/` that are not quoted: they list details for a reader who has the page before them."""

REMARKS = frozenset({"source", "until November 2026"})
"""Columns of tables that are not quoted: the link of a source is lost, and a retired word helps nobody who is new."""


@dataclass(frozen=True)
class Passage:
    """Some paragraphs of one section of one page."""

    path: str
    """Where it stands, relative to the project: `docs/architectures/websocket.md`."""
    page: str
    """Title of the page: its first heading, else the file's name."""
    heading: str
    """Heading of the section; the page's title before its first section."""
    text: str


def read_passages(docs: Path) -> list[Passage]:
    """All passages of the README and of the pages in `docs` that explain the product, in the order of their paths.

    Empty without files.
    """
    root = docs.parent
    explaining = [file for file in sorted(docs.rglob("*.md")) if file.relative_to(docs).parts[0] not in REFERENCE]
    files = [root / "README.md", *explaining]
    return [
        passage
        for file in files
        if file.is_file()
        for passage in split(file.read_text(encoding="utf-8"), file.relative_to(root).as_posix())
    ]


def split(markdown: str, path: str) -> list[Passage]:
    """The passages of one page."""
    page = ""
    heading = ""
    passages: list[Passage] = []
    gathered: list[str] = []

    def flush() -> None:
        if gathered:
            title = page or Path(path).stem
            passages.append(Passage(path, title, heading or title, _joined(gathered)))
            gathered.clear()

    for level, text in _blocks(markdown):
        if level:
            flush()
            if level == 1 and not page:
                page = text
            else:
                heading = text
            continue
        if gathered and sum(map(len, gathered)) + len(text) > PASSAGE_CHARACTERS:
            flush()
        gathered.append(text)
    flush()
    return passages


def _joined(blocks: list[str]) -> str:
    text = blocks[0]
    for before, block in pairwise(blocks):
        tight = LIST_ITEM.match(before) and LIST_ITEM.match(block)
        text += ("\n" if tight else "\n\n") + block
    return text


FRONT_MATTER = re.compile(r"\A---\n.*?\n---\n", re.DOTALL)
COMMENT = re.compile(r"<!--.*?-->", re.DOTALL)
FENCE = re.compile(r"\s*(?P<mark>`{3,}|~{3,})")
HEADING = re.compile(r"(?P<marks>#{1,6})\s+(?P<text>.+?)\s*#*$")
LIST_ITEM = re.compile(r"\s*(?:[-*+]|\d+[.)])\s+")
CELL_BORDER = re.compile(r"(?<!\\)\|")
TABLE_RULE = re.compile(r"\|?[\s:|-]+\|?$")
NOT_PROSE = re.compile(
    r"""(?:!!!|\?\?\?\+?|===)\s   # openers of admonitions, details and tabs
    | \[[^\]]+\]:\s               # link definitions
    | \*\[[^\]]+\]:\s             # abbreviations
    | --8<--                      # snippets
    | (?:[-*_]\s*){3,}$           # rules
    | \*\*Status:\*\*             # an ADR's status and date
    | </?[a-zA-Z][^>]*>\s*$       # a line of bare HTML
    """,
    re.VERBOSE,
)


def _blocks(markdown: str) -> Iterator[tuple[int, str]]:
    """Blocks in order: (level, text) of a heading, (0, text) of a paragraph, list item or table row."""
    lines: list[str] = []
    table: list[str] = []

    def flush() -> Iterator[tuple[int, str]]:
        for line in [*_table_lines(table), *lines]:
            if text := _inline(line):
                yield 0, text
        lines.clear()
        table.clear()

    fence: str | None = None
    for raw in COMMENT.sub("", FRONT_MATTER.sub("", markdown)).splitlines():
        if opened := FENCE.match(raw):
            mark = opened["mark"]
            if fence is None:
                yield from flush()
                fence = mark
            elif mark.startswith(fence):
                fence = None
            continue
        if fence is not None:
            continue
        line = raw.strip().removeprefix(">").strip()
        if found := HEADING.match(line):
            yield from flush()
            yield len(found["marks"]), _inline(found["text"])
        elif not line or NOT_PROSE.match(line):
            yield from flush()
        elif line.startswith("|"):
            if lines:
                yield from flush()
            table.append(line)
        elif table:
            yield from flush()
            lines.append(line)
        elif lines and not LIST_ITEM.match(line):
            lines[-1] += " " + line
        else:
            lines.append(line)
    yield from flush()


def _table_lines(rows: list[str]) -> list[str]:
    """`- first cell: second cell`; with more columns each further cell behind its column's name, unless it is empty."""
    cells = [[cell.strip() for cell in CELL_BORDER.split(row.strip("|"))] for row in rows if not TABLE_RULE.match(row)]
    if not cells:
        return []
    (_, *names), *body = cells
    told = [name for name in names if name not in REMARKS]
    lines: list[str] = []
    for first, *rest in body:
        named = [
            f"{name}: {cell}" if name and len(told) > 1 else cell
            for name, cell in zip(names, rest, strict=False)
            if cell and name in told
        ]
        lines.append(f"- {first}: {'; '.join(named)}")
    return lines


CODE_SPAN = re.compile(r"(`+[^`]+`+)")
IMAGE = re.compile(r"!\[[^\]]*\](?:\([^)]*\)|\[[^\]]*\])")
LINK = re.compile(r"\[([^\]]+)\](?:\([^)]*\)|\[[^\]]*\])")
MARKUP = re.compile(r"</?[a-zA-Z][^>]*>|\*\*|__|\{\s*[.#:][^}]*\}|:(?:material|octicons|fontawesome|simple)-[\w-]+:")


def _inline(text: str) -> str:
    """`text` without links, images, emphasis and tags; code spans are kept as they are."""
    pieces = CODE_SPAN.split(LINK.sub(r"\1", IMAGE.sub("", text)))
    return "".join(piece if index % 2 else MARKUP.sub("", piece) for index, piece in enumerate(pieces)).strip()
