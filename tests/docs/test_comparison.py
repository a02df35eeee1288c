"""The comparison: each cell says where it comes from, and its figures are those of what it leads to."""

import re

from shared.contract.architectures import DESCRIPTORS
from streamways.conformance.catalog import all_cases
from streamways.costs.page import comparison
from streamways.costs.prices import read_prices
from tests.docs.pages import LINK, PAGES, page

PAGE = page("docs/comparison.md")
HEADINGS = re.findall(r"^## (.+)$", PAGE.prose, re.MULTILINE)
COMMAND = re.compile(r"`(streamways|pulumi) [^`]+`")
REFERENCE = re.compile(r"\[[^\]]+\]\[([^\]]+)\]")


def rows() -> list[list[str]]:
    """Every row of the page."""
    return [row for heading in HEADINGS for row in PAGE.table_after(heading)]


def row(name: str) -> list[str]:
    [found] = [cells[1:] for cells in rows() if cells[0] == name]
    return found


def test_the_comparison_has_every_subject() -> None:
    assert HEADINGS == [
        "In short",
        "Latency",
        "Cost",
        "Limits",
        "Who may do what, and from where",
        "When something fails",
        "Blast radius",
        "Effort and lock-in",
    ]


def test_each_cell_leads_to_a_command_a_measurement_or_a_source() -> None:
    bare = [
        (cells[0], cell)
        for cells in rows()
        for cell in cells[1:]
        if not (LINK.search(cell) or COMMAND.search(cell) or REFERENCE.search(cell))
    ]
    assert bare == []
    assert all(len(cells) == 1 + len(DESCRIPTORS) for cells in rows())


def test_the_costs_are_the_models() -> None:
    """Write them again with `python -m streamways.costs.page`."""
    assert comparison(PAGE.text, read_prices()) == PAGE.text


def test_the_lags_are_those_of_the_measurements() -> None:
    stream = {cells[0]: f"{cells[3]} ms" for cells in page("docs/sandbox.md").table_after("How fast it is")}
    told = row("first text after the model's first token, no network")
    assert [stream[name] in cell for name, cell in zip(DESCRIPTORS, told, strict=True)] == [True] * len(DESCRIPTORS)
    lag = [cells for cells in page("docs/measurements.md").table_after("What was measured") if cells[1] == "25"]
    for place, name in enumerate(DESCRIPTORS):
        if name == "function-url":
            continue
        first = sorted(int(cells[3]) for cells in lag if cells[0] == name)
        [last] = [cells[6] for cells in lag if cells[0] == name and cells[2] == "500"]
        assert f"[{first[0]} to {first[-1]} ms]" in row("first text, deliveries of 25 ms")[place]
        assert f"[{last} ms]" in row("last token behind a model of 500 tokens/s, deliveries of 25 ms")[place]


def test_the_imports_are_those_of_the_packages() -> None:
    told = row("import of these functions in a cold start")
    text = page("docs/sandbox.md").prose
    awaited = (["function-url"], ["websocket-routes", "websocket-worker"], ["appsync-api", "appsync-worker"])
    for names, cell in zip(awaited, told, strict=True):
        shipped = [re.search(rf"^\| {name} \| [\d.]+ \| (\d+) \| \d+ \|$", text, re.MULTILINE) for name in names]
        assert f"[{' and '.join(found[1] for found in shipped if found)} ms]" in cell


def test_every_case_that_a_page_names_exists() -> None:
    """Of `streamways check CASE`, wherever it stands."""
    known = {case.name for case in all_cases()}
    named = {
        word
        for source in PAGES
        for snippet in source.snippets
        for call in re.findall(r"streamways check ((?:[a-z][a-z-]+ ?)+)", snippet)
        for word in call.split()
    }
    assert {"deadline", "two-tabs"} <= named
    assert named - known == set()
