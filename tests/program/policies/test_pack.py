"""The policy pack: the same rules as Pulumi runs them, within `pulumi_policy` and in a process of their own."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import grpc
import pulumi
import pytest
import yaml
from google.protobuf import json_format, struct_pb2
from google.protobuf.empty_pb2 import Empty
from pulumi.runtime.proto import analyzer_pb2, analyzer_pb2_grpc
from pulumi_policy import (
    PolicyCustomTimeouts,
    PolicyProviderResource,
    PolicyResource,
    PolicyResourceOptions,
    ResourceValidationArgs,
    ResourceValidationPolicy,
    StackValidationArgs,
    StackValidationPolicy,
)

from stacks.policies.catalog import RULES
from stacks.policies.graph import Resource
from stacks.policies.pack import NAME, POLICIES
from stacks.policies.rule import ResourceRule
from tests.program.conftest import Deploy
from tests.program.policies.examples import EXAMPLES
from tests.program.policies.seen import Seen, seen
from tests.program.policies.test_rules import spoilt, urn_of
from tests.program.recording import ROOT

PACK = ROOT / "stacks" / "policies"
SECONDS = 30
# https://github.com/pulumi/pulumi/blob/master/sdk/go/common/resource/properties.go
SIGNATURE = "4dabf18193072939515e22adb298388d"
ARCHIVE = "0def7320c3a5731c473e5ecbe6d01bc7"
UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"
OPTIONS = PolicyResourceOptions(
    protect=False,
    ignore_changes=[],
    delete_before_replace=None,
    aliases=[],
    custom_timeouts=PolicyCustomTimeouts(0, 0, 0),
    additional_secret_outputs=[],
)


def provider_of(resource: Resource) -> PolicyProviderResource | None:
    made_by = resource.provider
    return made_by and PolicyProviderResource("pulumi:providers:aws", made_by.props, "", made_by.name)


def reported(stack: Seen) -> set[tuple[str, str]]:
    """(policy, urn) of what the policies report of a stack, called as `pulumi_policy` calls them."""
    found: set[tuple[str, str]] = set()
    for policy in POLICIES:
        if isinstance(policy, ResourceValidationPolicy):
            for one in stack.inputs:
                args = ResourceValidationArgs(one.type, one.props, one.urn, one.name, OPTIONS, provider_of(one))
                policy.validate(args, lambda _, __, name=policy.name, urn=one.urn: found.add((name, urn)))
        else:
            assert isinstance(policy, StackValidationPolicy)
            resources = [
                PolicyResource(one.type, one.props, one.urn, one.name, OPTIONS, provider_of(one), None, [], {})
                for one in stack.outputs
            ]
            args = StackValidationArgs(resources)
            policy.validate(args, lambda _, urn, name=policy.name: found.add((name, str(urn))))
    return found


def test_the_policies_are_the_rules_and_say_where_each_comes_from() -> None:
    assert [(policy.name, policy.description) for policy in POLICIES] == [
        (rule.name, f"{rule.sentence} {rule.page}") for rule in RULES
    ]


@pytest.mark.parametrize("name", EXAMPLES)
def test_a_policy_reports_the_bad_example_of_its_rule(deploy: Deploy, name: str) -> None:
    stack = seen(deploy())
    bad = Seen(spoilt(stack.inputs, name), spoilt(stack.outputs, name))
    assert (name, urn_of(stack, name)) in reported(bad)


def test_no_policy_reports_anything_in_the_program(deploy: Deploy) -> None:
    assert reported(seen(deploy())) == set()


def wire(value: object) -> Any:
    """A property as the engine sends it: numbers as they are, archives by their signature."""
    match value:
        case pulumi.FileArchive():
            return {SIGNATURE: ARCHIVE, "path": value.path}
        case Mapping():
            return {str(key): wire(item) for key, item in value.items()}
        case list() | tuple():
            return [wire(item) for item in value]
        case _:
            return value


def struct(props: Mapping[str, Any]) -> struct_pb2.Struct:
    return json_format.ParseDict(wire(props), struct_pb2.Struct())


def message_of(kind: Callable[..., Any], resource: Resource) -> Any:
    """A resource as an `AnalyzeRequest` or as an `AnalyzerResource` of a whole stack."""
    made_by = resource.provider and analyzer_pb2.AnalyzerProviderResource(
        type="pulumi:providers:aws", name=resource.provider.name, properties=struct(resource.provider.props)
    )
    return kind(
        type=resource.type, name=resource.name, urn=resource.urn, properties=struct(resource.props), provider=made_by
    )


class Engine:
    """What the engine says to a policy pack in a process of its own, and hears of it."""

    def __init__(self, stub: analyzer_pb2_grpc.AnalyzerStub) -> None:
        self.stub = stub

    def analyzed(self, resource: Resource) -> Sequence[Any]:
        """The diagnostics of one resource."""
        request = message_of(analyzer_pb2.AnalyzeRequest, resource)
        return self.stub.Analyze(request, timeout=SECONDS).diagnostics

    def analyzed_together(self, resources: Sequence[Resource]) -> Sequence[Any]:
        """The diagnostics of a stack."""
        messages = [message_of(analyzer_pb2.AnalyzerResource, one) for one in resources]
        request = analyzer_pb2.AnalyzeStackRequest(resources=messages)
        return self.stub.AnalyzeStack(request, timeout=SECONDS).diagnostics


@pytest.fixture(scope="module")
def engine() -> Iterator[Engine]:
    """The pack, started as `pulumi-analyzer-policy-python` does it: in its folder, by its environment's Python."""
    command = [sys.executable, "-u", "-m", "pulumi.policy", "127.0.0.1:1", "."]
    environment = {key: value for key, value in os.environ.items() if not key.startswith(("AWS_", "PULUMI_"))}
    with subprocess.Popen(command, cwd=PACK, env=environment, stdout=subprocess.PIPE) as process:
        try:
            assert process.stdout is not None
            port = int(process.stdout.readline())
            with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
                yield Engine(analyzer_pb2_grpc.AnalyzerStub(channel))
        finally:
            process.kill()


def test_the_pack_runs_in_the_environment_of_the_program() -> None:
    runtime = yaml.safe_load((PACK / "PulumiPolicy.yaml").read_text())["runtime"]
    assert runtime["name"] == "python"
    assert (PACK / runtime["options"]["virtualenv"]).resolve() == ROOT / Path(".venv")


def test_the_pack_introduces_itself_with_every_rule_as_mandatory(engine: Engine) -> None:
    info = engine.stub.GetAnalyzerInfo(Empty(), timeout=SECONDS)
    assert info.name == NAME
    assert [policy.name for policy in info.policies] == [rule.name for rule in RULES]
    assert {policy.enforcementLevel for policy in info.policies} == {analyzer_pb2.MANDATORY}


def test_the_process_finds_nothing_in_the_program(deploy: Deploy, engine: Engine) -> None:
    stack = seen(deploy())
    assert [one for resource in stack.inputs for one in engine.analyzed(resource)] == []
    assert list(engine.analyzed_together(stack.outputs)) == []


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
def test_the_process_refuses_the_bad_example_of_a_rule(deploy: Deploy, engine: Engine, rule: Any) -> None:
    stack = seen(deploy())
    urn = urn_of(stack, rule.name)
    if isinstance(rule, ResourceRule):
        (bad,) = (one for one in spoilt(stack.inputs, rule.name) if one.urn == urn)
        found = [one for one in engine.analyzed(bad) if one.policyName == rule.name]
    else:
        together = engine.analyzed_together(spoilt(stack.outputs, rule.name))
        found = [one for one in together if (one.policyName, one.urn) == (rule.name, urn)]

    assert found
    for one in found:
        assert one.enforcementLevel == analyzer_pb2.MANDATORY
        assert one.message.startswith(f"{rule.sentence} {rule.page}\n")


def test_what_a_preview_does_not_know_yet_is_said_and_stops_nothing(deploy: Deploy, engine: Engine) -> None:
    (policy,) = (one for one in seen(deploy()).inputs if one.name == "websocket-worker-policy")
    unknown = Resource(policy.urn, policy.type, policy.name, {**policy.props, "policy": UNKNOWN}, policy.provider)
    found = engine.analyzed(unknown)

    assert {one.policyName for one in found} >= {"named-actions", "named-resources"}
    assert {one.enforcementLevel for one in found} == {analyzer_pb2.ADVISORY}
    assert all("can't run policy" in one.message for one in found)


def test_an_automatic_name_is_no_fixed_one(deploy: Deploy, engine: Engine) -> None:
    # The provider has put it in by then.
    (table,) = (one for one in seen(deploy()).inputs if one.name == "core-streams")
    named = [
        Resource(table.urn, table.type, table.name, {**table.props, "name": name}, table.provider)
        for name in ("core-streams-0a1b2c3", "core-streams")
    ]
    automatic, fixed = ([one.policyName for one in engine.analyzed(each)] for each in named)
    assert automatic == []
    assert fixed == ["no-fixed-names"]
