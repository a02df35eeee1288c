"""The copied projects, made once: all three, of one package name, each in a folder of its own."""

from collections.abc import Mapping
from pathlib import Path

import pytest

from shared.contract.architectures import DESCRIPTORS
from streamways.copy.destination import write
from streamways.copy.project import File, project
from tests.support.imports import ROOT

LONGEST = "test_the_tests_of_each_project_pass_where_nothing_else_is"
PACKAGE = "theirs"

Projects = Mapping[str, Mapping[str, File]]
"""Architecture → path in the project → file."""


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Of the whole suite, the longest test begins early: nothing is left to run beside it at the end.

    One worker makes the projects, for all of these tests.
    """
    for item in items:
        if item.path.parent == Path(__file__).parent:
            item.add_marker(pytest.mark.xdist_group("copy"))
    items.sort(key=lambda item: item.name != LONGEST)


@pytest.fixture(scope="session")
def projects() -> Projects:
    return {name: project(architecture, PACKAGE, ROOT) for name, architecture in DESCRIPTORS.items()}


@pytest.fixture(scope="session")
def folders(projects: Projects, tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, Path]:
    """Where the projects are written. Nobody changes them."""
    parent: Path = tmp_path_factory.mktemp("copied")
    for name, files in projects.items():
        write(parent / name, files, ROOT)
    return {name: parent / name for name in projects}
