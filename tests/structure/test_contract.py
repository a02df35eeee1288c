"""Each side of the contract has what it says, and nothing besides."""

import json

import pytest
import yaml

from shared.contract.architecture import Descriptor
from shared.contract.architectures import DESCRIPTORS
from stacks import program
from streamways.clients.factory import CLIENTS
from tests.support.imports import ROOT


def test_architectures_have_a_place_each() -> None:
    assert [one.place for one in DESCRIPTORS.values()] == list(range(1, len(DESCRIPTORS) + 1))


def test_an_architecture_can_be_deployed_spoken_to_and_chosen() -> None:
    chosen = yaml.safe_load((ROOT / "Pulumi.yaml").read_text())["config"]["architectures"]
    assert list(program.ARCHITECTURES) == list(CLIENTS) == chosen["default"] == list(DESCRIPTORS)
    assert f": {', '.join(DESCRIPTORS)}, in any" in chosen["description"]


@pytest.mark.parametrize("one", DESCRIPTORS.values(), ids=list(DESCRIPTORS))
def test_a_descriptor_names_what_is_there(one: Descriptor) -> None:
    dependencies = (ROOT / "pyproject.toml").read_text()
    for package in one.packages.values():
        assert package.entry.startswith(f"handlers.{one.folder}.")
        assert (ROOT / package.entry.replace(".", "/")).with_suffix(".py").is_file()
        assert f"\n{package.group} = [" in dependencies
    prices = json.loads((ROOT / "shared/prices.json").read_text())["services"]
    assert set(one.billed_for) <= prices.keys()


def test_no_two_architectures_share_a_package_or_an_output() -> None:
    packages = [package.name for one in DESCRIPTORS.values() for package in one.packages.values()]
    outputs = [output for one in DESCRIPTORS.values() for output in one.outputs]
    assert len(set(packages)) == len(packages)
    assert len(set(outputs)) == len(outputs)
