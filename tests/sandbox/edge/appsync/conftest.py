"""One AppSync for the tests of a module."""

from collections.abc import AsyncIterator

import pytest

from tests.sandbox.edge.appsync.appsync_harness import Edge, serving


@pytest.fixture(scope="module")
async def edge() -> AsyncIterator[Edge]:
    """A server with any number of APIs."""
    async with serving() as edge:
        yield edge
