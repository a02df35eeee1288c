"""Two stacks of one account and region: nothing that the program makes for one is, or names, anything of the other."""

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from shared.contract.outputs import Output
from stacks.policies.naming import NAMES, NAMES_WITHIN_ANOTHER
from tests.program import recording
from tests.program.conftest import Deploy
from tests.program.recording import SUFFIX, Deployment, defaults, run

OTHER_SUFFIX = "9f8e7d6"
IDENTITIES = (*NAMES, "id", "arn", "invokeArn", "functionUrl", "apiEndpoint", "executionArn", "uris")
"""Outputs by which a resource is found from elsewhere."""
THE_REGIONS_OWN = {Output.REGION, Output.COGNITO_ENDPOINT}
"""Outputs that are the same for all stacks of a region."""


def texts(value: object) -> Iterator[str]:
    """All texts within a value."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for each in value.values():
            yield from texts(each)
    elif isinstance(value, list):
        for each in value:
            yield from texts(each)


def identities(deployment: Deployment) -> set[str]:
    """What the resources of a stack are found by, but for names within another resource."""
    return {
        text
        for resource in deployment.resources.values()
        if resource.type.startswith("aws:")
        for key in IDENTITIES
        if key in resource.outputs and (resource.type, key) not in NAMES_WITHIN_ANOTHER
        for text in texts(resource.outputs[key])
    }


@pytest.fixture
def stacks(deploy: Deploy, monkeypatch: pytest.MonkeyPatch) -> tuple[Deployment, Deployment]:
    """Two stacks of the program, to each of which AWS gives ids of its own."""
    one, usual = deploy("dev", alarms=True), recording.computed

    def computed(type_: str, name: str, inputs: Mapping[str, Any]) -> dict[str, Any]:
        outputs = json.dumps(usual(type_, name, inputs))
        return json.loads(re.sub(r"\b(ws|gql)1\b", rf"\g<1>-{OTHER_SUFFIX}", outputs))

    monkeypatch.setattr(recording, "computed", computed)
    return one, run({**defaults(), "streamways:alarms": "true"}, "pr-7", suffix=OTHER_SUFFIX)


def test_no_name_or_address_of_one_stack_is_one_of_the_other(stacks: tuple[Deployment, Deployment]) -> None:
    one, other = map(identities, stacks)
    assert len(one) == len(other) > 100
    assert one & other == set()


def test_no_stack_names_anything_of_the_other(stacks: tuple[Deployment, Deployment]) -> None:
    for mine, theirs in (stacks, stacks[::-1]):
        given = {text for resource in mine.resources.values() for text in texts(dict(resource.inputs))}
        assert not [(text, name) for text in given for name in identities(theirs) if name in text]


def test_no_output_of_one_stack_is_one_of_the_other(stacks: tuple[Deployment, Deployment]) -> None:
    one, other = ({value for name, value in stack.outputs.items() if name not in THE_REGIONS_OWN} for stack in stacks)
    assert one & other == set()
    assert SUFFIX not in "".join(other)
