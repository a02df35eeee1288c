import pytest

LONGEST = "test_each_architecture_passes_its_tests_alone_in_an_empty_folder"


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Of the whole suite, the longest test begins early: nothing is left to run beside it at the end."""
    items.sort(key=lambda item: item.name != LONGEST)
