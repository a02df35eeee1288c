"""The hooks of the site: sequence diagrams are drawn or refused, and nothing is loaded from another host."""

import importlib.util
import re
from html import unescape
from types import ModuleType

import pytest

from tests.docs.pages import DOCS, PAGES, Page

LABEL = re.compile(r"^\s*(?:participant \w+ as|[\w,)>-]+:)\s*(.+)$", re.MULTILINE)
"""What is written in a head or on an arrow."""


def hook(name: str) -> ModuleType:
    """A hook, loaded as mkdocs loads it: by its path."""
    spec = importlib.util.spec_from_file_location(f"docs_hook_{name}", DOCS / "hooks" / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


sequence = hook("sequence")


@pytest.mark.parametrize("source", [one for one in PAGES if one.code("mermaid")], ids=lambda one: one.name)
def test_every_diagram_is_drawn_with_all_its_texts(source: Page) -> None:
    for block in source.code("mermaid"):
        drawn = unescape(re.sub(r"<[^>]+>", "\n", sequence.fence(block, "mermaid", "mermaid", {}, None)))
        labels = LABEL.findall(block)
        assert labels
        assert not [line for label in labels for line in label.split("<br/>") if line not in drawn]


def test_each_architecture_has_a_diagram() -> None:
    pages = [one for one in PAGES if one.path.parent.name == "architectures"]
    assert len(pages) == 3
    assert all(one.code("mermaid") for one in pages)


@pytest.mark.parametrize(
    "block",
    [
        "flowchart LR\n a-->b",
        "sequenceDiagram\n participant A\n A-xA: lost",
        "sequenceDiagram\n participant A\n A->>B: to nobody",
    ],
)
def test_a_diagram_that_cannot_be_drawn_fails_the_build(block: str) -> None:
    with pytest.raises(sequence.UnknownStatement):
        sequence.fence(block, "mermaid", "mermaid", {}, None)


@pytest.mark.parametrize(
    ("html", "remote"),
    [
        ('<script src="https://cdn.example/x.js"></script>', True),
        ('<link rel="stylesheet" href="//fonts.example/css">', True),
        ('<img src="https://example.com/badge.svg">', True),
        ('<script src="assets/x.js"></script>', False),
        ('<a href="https://docs.aws.amazon.com/">AWS</a>', False),
        ('<link rel="canonical" href="https://example.com/">', False),
    ],
)
def test_only_what_a_page_loads_from_another_host_is_refused(html: str, remote: bool) -> None:
    assert bool(hook("offline").remote_resources(html)) is remote
