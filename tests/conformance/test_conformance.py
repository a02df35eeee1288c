"""The conformance suite in real sandboxes: real processes, sockets, tokens and event streams.

All chosen cases run side by side, as `streamways check` runs them; each test then reports one.
"""

import pytest

from streamways.conformance.case import Case, label
from streamways.conformance.catalog import all_cases
from streamways.conformance.stack import Need
from streamways.conformance.trial import On
from tests.conformance.conftest import Results

SHORT: frozenset[Need] = frozenset({"short timeout", "scaled time", "signing users"})


def trials(*, short: bool) -> list[object]:
    """The cases for one of the two sandboxes, once for each place where they run."""
    return [
        pytest.param(case, on, id=f"{case.name}-{label(on).replace(' → ', '-to-')}")
        for case in all_cases()
        for on in case.on
        if bool(case.needs & SHORT) == short
    ]


@pytest.mark.parametrize(("case", "on"), trials(short=False))
async def test_it_holds(results: Results, case: Case, on: On) -> None:
    result = results[case.name, on]
    assert result.outcome == "passed", f"{case.says}\n{result.why}"


@pytest.mark.parametrize(("case", "on"), trials(short=True))
async def test_it_holds_where_nothing_lives_long(short_results: Results, case: Case, on: On) -> None:
    result = short_results[case.name, on]
    assert result.outcome == "passed", f"{case.says}\n{result.why}"
