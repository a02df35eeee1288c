from collections.abc import Iterator

import pytest

from tests.support.pool import Pool


@pytest.fixture
def pool() -> Iterator[Pool]:
    """A user pool of this test's own."""
    with Pool() as running:
        yield running


@pytest.fixture(scope="module")
def shared_pool() -> Iterator[Pool]:
    """A user pool that the tests of a module share."""
    with Pool() as running:
        yield running
