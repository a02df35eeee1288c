"""Links inside the repository lead somewhere, also from the README, which the site's own strict build does not read."""

import re
from pathlib import Path

import pytest

from tests.docs.pages import DOCS, PAGES, Page, page

ADR_SECTIONS = ["Context", "Options", "Decision", "Consequences"]
RECORDS = [one for one in PAGES if re.match(r"docs/adr/\d{4}-", one.name)]


def broken(source: Page) -> list[str]:
    """The relative links of a page that lead nowhere."""
    found: list[str] = []
    for link in source.links:
        if re.match(r"[a-z]+:", link):
            continue
        place, _, anchor = link.partition("#")
        target = (source.path.parent / place).resolve() if place else source.path
        if not target.exists() or (anchor and anchor not in Page(target).anchors):
            found.append(link)
    return found


@pytest.mark.parametrize("source", PAGES, ids=lambda one: one.name)
def test_every_relative_link_and_anchor_resolves(source: Page) -> None:
    assert not broken(source)


@pytest.mark.parametrize("source", PAGES, ids=lambda one: one.name)
def test_links_that_leave_the_repository_are_https(source: Page) -> None:
    assert not [link for link in source.links if re.match(r"[a-z]+:", link) and not link.startswith("https://")]


def test_a_broken_link_and_a_broken_anchor_are_noticed(tmp_path: Path) -> None:
    source = tmp_path / "page.md"
    source.write_text("# Here\n\n[a](#here) [b](#there) [c](missing.md)\n\n[d]: page.md#here\n")
    assert broken(Page(source)) == ["#there", "missing.md"]


def test_every_decision_stands_in_the_index_with_its_status() -> None:
    rows = {re.search(r"\((.+?)\)", row[0]): row for row in page("docs/adr/index.md").table_after("Decisions")}
    listed = {found[1]: row for found, row in rows.items() if found}
    assert list(listed) == [record.path.name for record in RECORDS]
    for record in RECORDS:
        status = re.search(r"\*\*Status:\*\* (\w+)", record.text)
        assert status, f"{record.name} has no status"
        assert listed[record.path.name][2].startswith(status[1])


def test_decisions_are_numbered_without_gaps_and_follow_the_template() -> None:
    assert [int(record.path.name[:4]) for record in RECORDS] == list(range(1, len(RECORDS) + 1))
    for record in RECORDS:
        headings = re.findall(r"^#+ (.+)$", record.prose, re.MULTILINE)
        assert headings[0].startswith(record.path.name[:4]), f"{record.name} does not begin with its number"
        assert headings[1:] == ADR_SECTIONS, f"{record.name} does not follow the template"


def test_every_page_stands_in_the_navigation() -> None:
    navigation = (DOCS.parent / "mkdocs.yml").read_text()
    for one in PAGES:
        if one.path.is_relative_to(DOCS):
            assert f" {one.path.relative_to(DOCS).as_posix()}\n" in navigation
