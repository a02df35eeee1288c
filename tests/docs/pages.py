"""The documentation as tests read it: pages, headings, links, code."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"

FENCE = re.compile(r"^(?P<mark>`{3,})(?P<language>\w*)[^\n]*\n(?P<body>.*?)^(?P=mark)\s*$", re.MULTILINE | re.DOTALL)
CODE_SPAN = re.compile(r"`([^`\n]+)`")
LINK = re.compile(r"\]\(([^)\s]+)\)|^\[[^\]]+\]:\s+(\S+)", re.MULTILINE)
HEADING = re.compile(r"^#{1,6}\s+(.+?)\s*$", re.MULTILINE)


def default(key: str) -> Any:
    """The default of a setting of the program."""
    return yaml.safe_load((ROOT / "Pulumi.yaml").read_text())["config"][key]["default"]


@dataclass(frozen=True)
class Page:
    """One Markdown file."""

    path: Path

    @property
    def name(self) -> str:
        return self.path.relative_to(ROOT).as_posix()

    @cached_property
    def text(self) -> str:
        return self.path.read_text(encoding="utf-8")

    @cached_property
    def prose(self) -> str:
        """The text without its code blocks."""
        return FENCE.sub("", self.text)

    def code(self, language: str) -> list[str]:
        """The bodies of code blocks in a language."""
        return [found["body"] for found in FENCE.finditer(self.text) if found["language"] == language]

    @property
    def snippets(self) -> Iterator[str]:
        """Whatever stands as code: the lines of shell blocks (continued lines joined), and code spans."""
        for body in self.code("bash"):
            yield from body.replace("\\\n", " ").splitlines()
        yield from CODE_SPAN.findall(self.prose)

    @cached_property
    def anchors(self) -> frozenset[str]:
        """The ids of the headings, as GitHub and the site make them."""
        return frozenset(slug(heading) for heading in HEADING.findall(self.prose))

    @property
    def links(self) -> list[str]:
        """Targets of all links, inline and by reference."""
        return [inline or reference for inline, reference in LINK.findall(self.prose)]

    def table_after(self, heading: str) -> list[list[str]]:
        """The body rows of the first table below a heading, cells without surrounding white space."""
        _, _, rest = self.prose.partition(f"# {heading}\n")
        assert rest, f"{self.name} has no heading {heading!r}"
        rows: list[list[str]] = []
        for line in rest.splitlines():
            if line.startswith("|"):
                rows.append([cell.strip() for cell in line.strip().strip("|").split("|")])
            elif rows or line.startswith("#"):
                break
        assert rows, f"{self.name} has no table below {heading!r}"
        return rows[2:]


def slug(heading: str) -> str:
    """The anchor of a heading."""
    text = re.sub(r"[^\w\s-]", "", heading.replace("`", "")).strip().lower()
    return re.sub(r"[\s-]+", "-", text)


PAGES = [Page(ROOT / "README.md"), Page(ROOT / "CONTRIBUTING.md"), *(Page(path) for path in sorted(DOCS.rglob("*.md")))]


def page(name: str) -> Page:
    """The page of this name, relative to the project."""
    return next(one for one in PAGES if one.name == name)
