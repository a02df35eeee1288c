"""Markdown files as passages: plain paragraphs under their headings, short enough to quote.

Whatever reads badly in the middle of an answer is left out: front matter, code blocks, images, raw HTML, comments,
lists, tables, and the sentence that leads to one of them. Of a table that defines words each row is a passage.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

PASSAGE_CHARACTERS = 700
"""A passage takes whole paragraphs until the next would exceed this; one longer paragraph is a passage of its own."""
FEWEST_CHARACTERS = 100
"""What is shorter, beside a table, a list or code that is left out, is its caption, and is left out with it."""

REFERENCE = frozenset(
    {
        *("adr", "calculator.md", "clients.md", "comparison.md", "configuration.md", "deciding.md", "examples.md"),
        *("measurements.md", "protocol.md", "reference", "sandbox-and-aws.md"),
    }
)
"""Pages and folders of `docs/` that are not quoted: they list details for a reader who has the page before them."""


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
    page = heading = ""
    passages: list[Passage] = []
    gathered: list[str] = []
    left_out = False

    def passage(heading: str, text: str) -> None:
        title = page or Path(path).stem
        passages.append(Passage(path, title, heading or title, text))

    def flush() -> None:
        text = "\n\n".join(gathered)
        gathered.clear()
        if text and not (left_out and len(text) < FEWEST_CHARACTERS):
            passage(heading, text)

    for block in _blocks(markdown):
        if block.level:
            flush()
            left_out = False
            if block.level == 1 and not page:
                page = block.text
            else:
                heading = block.text
        elif block.term:
            flush()
            passage(block.term, block.text)
        elif not block.text:
            left_out = True
        else:
            if gathered and sum(map(len, gathered)) + len(block.text) > PASSAGE_CHARACTERS:
                flush()
            gathered.append(block.text)
    flush()
    return passages


FRONT_MATTER = re.compile(r"\A---\n.*?\n---\n", re.DOTALL)
COMMENT = re.compile(r"<!--.*?-->", re.DOTALL)
FENCE = re.compile(r"\s*(?P<mark>`{3,}|~{3,})")
HEADING = re.compile(r"(?P<marks>#{1,6})\s+(?P<text>.+?)\s*#*$")
LIST_ITEM = re.compile(r"\s*(?:[-*+]|\d+[.)])\s+")
CELL_BORDER = re.compile(r"(?<!\\)\|")
MEANING = "meaning"
"""Head of the column that defines words."""
SENTENCE = re.compile(r"[.!?][)\"”]*$")
"""How a text ends that nothing has to follow, as something has to follow a colon."""
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


@dataclass(frozen=True)
class _Block:
    """A heading, a paragraph, the definition of a term; or, without a text, something that is left out."""

    text: str
    level: int = 0
    """Of a heading."""
    term: str = ""
    """What is defined."""


def _blocks(markdown: str) -> Iterator[_Block]:
    """What can be read by itself, in order."""
    lines: list[str] = []

    def flush() -> Iterator[_Block]:
        if not lines:
            return
        text = _inline(" ".join(lines))
        if lines[0].startswith("|"):
            yield _Block("")
            yield from _definitions(lines)
        else:
            yield _Block("" if LIST_ITEM.match(lines[0]) or not SENTENCE.search(text) else text)
        lines.clear()

    fence: str | None = None
    for raw in COMMENT.sub("", FRONT_MATTER.sub("", markdown)).splitlines():
        if opened := FENCE.match(raw):
            mark = opened["mark"]
            if fence is None:
                yield from flush()
                yield _Block("")
                fence = mark
            elif mark.startswith(fence):
                fence = None
            continue
        if fence is not None:
            continue
        line = raw.strip().removeprefix(">").strip()
        if found := HEADING.match(line):
            yield from flush()
            yield _Block(_inline(found["text"]), len(found["marks"]))
        elif not line or NOT_PROSE.match(line):
            yield from flush()
        else:
            if lines and LIST_ITEM.match(line):
                yield from flush()
            lines.append(line)
    yield from flush()


def _definitions(rows: list[str]) -> Iterator[_Block]:
    """The rows of a table whose second column, `meaning`, says in a sentence what the first one is."""
    head, *body = ([cell.strip() for cell in CELL_BORDER.split(row.strip("|"))] for row in rows)
    for term, meaning, *_ in (row for row in body if head[1:2] == [MEANING] and row[1:]):
        if SENTENCE.search(text := _inline(meaning)):
            yield _Block(text, term=_inline(term))


CODE_SPAN = re.compile(r"(`+[^`]+`+)")
IMAGE = re.compile(r"!\[[^\]]*\](?:\([^)]*\)|\[[^\]]*\])")
LINK = re.compile(r"\[([^\]]+)\](?:\([^)]*\)|\[[^\]]*\])")
MARKUP = re.compile(
    r"""</?[a-zA-Z][^>]*>
    | \*\*|__ | \*(?=\w)|(?<=\w)\*
    | \{\s*[.#:][^}]*\}
    | :(?:material|octicons|fontawesome|simple)-[\w-]+:
    """,
    re.VERBOSE,
)


def _inline(text: str) -> str:
    """`text` without links, images, emphasis and tags; code spans are kept as they are."""
    pieces = CODE_SPAN.split(LINK.sub(r"\1", IMAGE.sub("", text)))
    return "".join(piece if index % 2 else MARKUP.sub("", piece) for index, piece in enumerate(pieces)).strip()
