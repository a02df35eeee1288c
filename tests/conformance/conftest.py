"""Two sandboxes for the suite: one as users run it, and one whose functions and connections do not live long."""

from collections.abc import Iterator, Mapping, Sequence

import pytest

from streamways.clients.client import ARCHITECTURES
from streamways.conformance.case import Case
from streamways.conformance.runner import Result, run_cases
from streamways.conformance.stack import StackUnderTest
from streamways.conformance.trial import On
from tests.support.sandbox import RunningSandbox, running_sandbox

PACE = ("--first-token-ms", "20", "--tokens-per-second", "150")
"""An answer takes two to three seconds: time enough to cut and to cancel it on the way."""
FUNCTION_SECONDS = 6
"""Three of them until the deadline: time to kill a worker before it, and less than an idle connection has."""
TIME_SCALE = 0.008

Results = Mapping[tuple[str, On], Result]


@pytest.hookimpl(tryfirst=True)  # before xdist reads the groups
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if "tests/conformance/" in item.nodeid:
            fixtures: Sequence[str] = getattr(item, "fixturenames", ())
            if "short_sandbox" in fixtures:
                item.add_marker(pytest.mark.xdist_group("conformance-short"))
            elif "sandbox" in fixtures:
                item.add_marker(pytest.mark.xdist_group("conformance"))


@pytest.fixture(scope="session")
def sandbox() -> Iterator[RunningSandbox]:
    """A sandbox with the program's own settings."""
    with running_sandbox(*PACE) as running:
        yield running


@pytest.fixture(scope="session")
def short_sandbox() -> Iterator[RunningSandbox]:
    """A sandbox whose functions end after seconds, whose clock runs fast, and whose users sign."""
    config = {"timeoutSeconds": str(FUNCTION_SECONDS), "functionUrlAuth": "AWS_IAM"}
    with running_sandbox(*PACE, "--time-scale", str(TIME_SCALE), config=config) as running:
        yield running


@pytest.fixture(scope="session")
async def results(request: pytest.FixtureRequest, sandbox: RunningSandbox) -> Results:
    """What became of all cases that are asked for, run side by side."""
    return await _run(request, sandbox, "results")


@pytest.fixture(scope="session")
async def short_results(request: pytest.FixtureRequest, short_sandbox: RunningSandbox) -> Results:
    """As `results`, in the sandbox where nothing lives long."""
    return await _run(request, short_sandbox, "short_results")


async def _run(request: pytest.FixtureRequest, sandbox: RunningSandbox, fixture: str) -> Results:
    assert sandbox.outputs.architectures == ARCHITECTURES
    stack = StackUnderTest.of_sandbox(sandbox.state, sandbox.token, sandbox.id_token)
    chosen: list[tuple[Case, On]] = []
    for item in request.session.items:
        if isinstance(item, pytest.Function) and fixture in item.fixturenames and hasattr(item, "callspec"):
            chosen.append((item.callspec.params["case"], item.callspec.params["on"]))
    assert stack.sandbox is not None
    try:
        return {(result.case.name, result.on): result for result in await run_cases(stack, chosen, lambda _: None)}
    finally:
        await stack.sandbox.close()
