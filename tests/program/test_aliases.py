"""Every caller goes through the alias of a function: nothing in the program names a function without it."""

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest

from shared.contract.architectures import DESCRIPTORS
from stacks.streaming_function import ALIAS
from tests.program.conftest import Deploy
from tests.program.recording import Deployment, Resource
from tests.program.test_functions import EXPECTED

FUNCTION = "aws:lambda/function:Function"
ALIAS_TYPE = "aws:lambda/alias:Alias"
WARM = "aws:lambda/provisionedConcurrencyConfig:ProvisionedConcurrencyConfig"
SETTINGS: list[dict[str, object]] = [{}, {"functionUrlAuth": "AWS_IAM", "warm": 2}]
ARN = re.compile(r"arn:aws:lambda:[a-z0-9-]*:\d{12}:function:([A-Za-z0-9_-]+)(:[A-Za-z0-9_$-]+)?")


def texts(value: object) -> Iterator[str]:
    """Every text in a value, a policy document in its JSON form included."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for each in value.values():
            yield from texts(each)
    elif isinstance(value, list | tuple):
        for each in value:
            yield from texts(each)


def unqualified(deployment: Deployment) -> list[str]:
    """What names a function and not its alias, as `resource: the text`."""
    names = {f"{function.name}-0a1b2c3" for function in deployment.of(FUNCTION)}
    found: list[str] = []
    for resource in deployment.resources.values():
        for text in texts(dict(resource.inputs)):
            for name, qualifier in ARN.findall(text):
                if name in names and qualifier != f":{ALIAS}":
                    found.append(f"{resource.name}: {text}")
            if text in names and not goes_through_the_alias(resource):
                found.append(f"{resource.name}: {text}")
    return found


def goes_through_the_alias(resource: Resource) -> bool:
    """Whether a resource that takes a function's name takes the alias beside it, or is the alias."""
    return resource.type == ALIAS_TYPE or resource.inputs.get("qualifier") == ALIAS


@pytest.mark.parametrize("settings", SETTINGS, ids=str)
def test_no_caller_names_a_function_without_its_alias(deploy: Deploy, settings: dict[str, object]) -> None:
    deployment = deploy(**settings)
    assert sum(len(ARN.findall(text)) for each in deployment.resources.values() for text in texts(dict(each.inputs)))
    assert unqualified(deployment) == []
    assert not [output for output in texts(deployment.outputs) if ARN.search(output)]


@pytest.mark.parametrize(
    ("type_", "inputs"),
    [
        ("aws:new/caller:Caller", {"target": {"arn": "arn:aws:lambda:us-east-1:123456789012:function:{}"}}),
        (
            "aws:iam/rolePolicy:RolePolicy",
            {"policy": '{{"Resource": ["arn:aws:lambda:x-1:123456789012:function:{}"]}}'},
        ),
        ("aws:new/caller:Caller", {"target": "arn:aws:lambda:us-east-1:123456789012:function:{}:7"}),
        ("aws:lambda/permission:Permission", {"function": "{}"}),
        ("aws:lambda/function:Function", {"environment": {"variables": {"WORKER": "{}"}}}),
    ],
    ids=lambda value: value if isinstance(value, str) else json.dumps(value)[:40],
)
def test_a_new_caller_that_does_is_noticed(deploy: Deploy, type_: str, inputs: dict[str, Any]) -> None:
    def named(value: Any) -> Any:
        return {key: named(each) for key, each in value.items()} if isinstance(value, dict) else value.format(worker)

    worker = "websocket-worker-0a1b2c3"
    given = deploy()
    caller = Resource("urn", type_, "caller", named(inputs), {}, "", "", (), protect=False, retain=False)
    extended = Deployment(resources={**given.resources, "urn": caller})
    assert [each.partition(":")[0] for each in unqualified(extended)] == ["caller"]


def test_every_function_publishes_each_change_and_its_alias_follows(deploy: Deploy) -> None:
    deployment = deploy()
    aliases = {alias.inputs["functionName"]: alias for alias in deployment.of(ALIAS_TYPE)}
    functions = deployment.of(FUNCTION)

    assert len(aliases) == len(functions) == len(EXPECTED)
    for function in functions:
        alias = aliases[f"{function.name}-0a1b2c3"]
        assert function.inputs["publish"] is True
        assert alias.inputs == {
            "name": "live",
            "functionName": f"{function.name}-0a1b2c3",
            "functionVersion": "7",
        }


def test_nothing_is_kept_warm_unless_it_is_asked_for(deploy: Deploy) -> None:
    assert deploy().of(WARM) == []


def test_what_an_answer_waits_for_is_kept_warm_behind_its_alias(deploy: Deploy) -> None:
    configs = {config.inputs["functionName"]: config.inputs for config in deploy(warm=2).of(WARM)}

    assert configs.keys() == {
        f"{name}-0a1b2c3"
        for name in ("function-url-handler", "websocket-routes", "websocket-worker", "appsync-api", "appsync-worker")
    }
    for config in configs.values():
        assert config["qualifier"] == "live"
        assert config["provisionedConcurrentExecutions"] == 2


@pytest.mark.parametrize("architecture", DESCRIPTORS)
def test_as_many_functions_are_kept_warm_as_settings_and_costs_reckon_with(deploy: Deploy, architecture: str) -> None:
    assert len(deploy(architectures=[architecture], warm=1).of(WARM)) == DESCRIPTORS[architecture].awaited_functions
