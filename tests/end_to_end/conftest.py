from collections.abc import AsyncIterator, Iterator

import pytest
from playwright.async_api import Browser

from streamways.clients.addresses import TRUST_VARIABLE
from tests.support import browser as browsers
from tests.support import stock as node
from tests.support.pages import People
from tests.support.sandbox import FAST, RunningSandbox, running_sandbox

stock = node.stock


@pytest.hookimpl(tryfirst=True)  # before xdist reads the groups
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if "tests/end_to_end/" in item.nodeid:
            item.add_marker(pytest.mark.xdist_group("sandbox"))


@pytest.fixture(scope="session")
def sandbox() -> Iterator[RunningSandbox]:
    """One real sandbox for all tests of this folder, deployed by the real program."""
    with running_sandbox(*FAST) as running:
        yield running


@pytest.fixture(scope="session")
def secured() -> Iterator[RunningSandbox]:
    """Another real sandbox, behind TLS, for the tests of TLS and for those that need two stacks."""
    with running_sandbox("--tls", *FAST) as running, pytest.MonkeyPatch.context() as patched:
        assert running.state.ca_file is not None
        patched.setenv(TRUST_VARIABLE, running.state.ca_file)
        yield running


@pytest.fixture
def stack(sandbox: RunningSandbox) -> Iterator[dict[str, object]]:
    """What a page knows: addresses, and the user's token."""
    yield {**sandbox.outputs.to_json(), "token": sandbox.token()}
    sandbox.control("DELETE", "/model/fault")


@pytest.fixture(scope="session")
async def browser() -> AsyncIterator[Browser]:
    """One browser for all tests of the page."""
    async with browsers.chromium() as browser:
        yield browser


@pytest.fixture(scope="session")
async def visitors(sandbox: RunningSandbox, browser: Browser) -> AsyncIterator[People]:
    """Who has signed in at the page of the sandbox, once for all tests."""
    async with People.at(sandbox, browser) as people:
        yield people


@pytest.fixture
async def people(sandbox: RunningSandbox, visitors: People) -> AsyncIterator[People]:
    """Whoever opens the page in this test."""
    yield visitors
    await visitors.leave()
    sandbox.control("DELETE", "/model/fault")
