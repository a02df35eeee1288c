"""How the whole suite is spread over processes."""

import os

import pytest

MOST_WORKERS = 4
LONGEST = "test_each_architecture_passes_its_tests_alone_in_an_empty_folder"


@pytest.hookimpl(optionalhook=True)  # where there is no xdist, nothing is spread
def pytest_xdist_auto_num_workers() -> int:
    """One more than there are cores: tests of real processes wait for a good part of their time."""
    return min(MOST_WORKERS, (os.cpu_count() or 1) + 1)


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The longest test begins early: nothing is left to run beside it at the end."""
    items.sort(key=lambda item: item.name != LONGEST)
