"""The monitor over gRPC, spoken to with Pulumi's own stubs."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import grpc
import pytest
from google.protobuf.empty_pb2 import Empty
from google.protobuf.struct_pb2 import Struct
from pulumi.runtime.proto import engine_pb2, engine_pb2_grpc, resource_pb2, resource_pb2_grpc

from sandbox.engine import wire
from sandbox.engine.resource import Deployment
from sandbox.resources import registry
from tests.sandbox.engine.monitoring import monitoring
from tests.sandbox.resources.account import Account, trust

STACK = "urn:pulumi:dev::demo::pulumi:pulumi:Stack::demo-dev"
COMPONENT = "urn:pulumi:dev::demo::demo:index:Part::part"
ROLE = "aws:iam/role:Role"
SECRET = {wire.SIGNATURE: "1b47061264138c4ac30d75fd1eb44270"}


def struct(values: dict[str, Any]) -> Struct:
    message = Struct()
    message.update(values)
    return message


class Program:
    """A program's side of the protocol, with a stack and an `aws` provider registered."""

    def __init__(self, channel: grpc.Channel, deployment: Deployment, account: Account, messages: list[str]) -> None:
        self.monitor = resource_pb2_grpc.ResourceMonitorStub(channel)
        self.engine = engine_pb2_grpc.EngineStub(channel)
        self.deployment = deployment
        self.account = account
        self.messages = messages
        self.register("pulumi:pulumi:Stack", "demo-dev", custom=False, parent="")
        created = self.register("pulumi:providers:aws", "own", inputs={"region": "us-east-1"}, provider="")
        self.provider = f"{created.urn}::{created.id}"

    def register(
        self, type_token: str, name: str, *, custom: bool = True, inputs: dict[str, Any] | None = None, **fields: Any
    ) -> resource_pb2.RegisterResourceResponse:
        if custom and "provider" not in fields:
            fields["provider"] = self.provider
        fields.setdefault("parent", STACK)
        request = resource_pb2.RegisterResourceRequest(
            type=type_token, name=name, custom=custom, object=struct(inputs or {}), **fields
        )
        return self.monitor.RegisterResource(request)

    def refusal(self, *arguments: Any, **fields: Any) -> str:
        with pytest.raises(grpc.RpcError) as error:
            self.register(*arguments, **fields)
        assert isinstance(error.value, grpc.Call)
        details = str(error.value.details())
        assert details == self.deployment.refusals[-1]
        assert "\n" not in details
        return details


@pytest.fixture
def program(tmp_path: Path) -> Iterator[Program]:
    deployment, account = Deployment("demo", "dev"), Account(tmp_path)
    messages: list[str] = []
    with monitoring(account, deployment, messages.append) as address, grpc.insecure_channel(address) as channel:
        yield Program(channel, deployment, account, messages)


def role(**inputs: Any) -> dict[str, Any]:
    return {"assumeRolePolicy": trust("lambda.amazonaws.com"), **inputs}


def test_a_resource_is_seen_as_the_engine_sees_it(program: Program) -> None:
    program.register("demo:index:Part", "part", custom=False)
    created = program.register(
        ROLE,
        "worker",
        parent=COMPONENT,
        inputs=role(description={**SECRET, "value": "hush"}),
        protect=True,
        dependencies=[STACK],
        propertyDependencies={"description": resource_pb2.RegisterResourceRequest.PropertyDependencies(urns=[STACK])},
    )
    assert created.urn == f"urn:pulumi:dev::demo::demo:index:Part${ROLE}::worker"
    seen = program.deployment.resources[created.urn]
    assert (seen.type, seen.name, seen.parent, seen.protect) == (ROLE, "worker", COMPONENT, True)
    assert seen.provider == "urn:pulumi:dev::demo::pulumi:providers:aws::own"
    assert seen.dependencies == {STACK}
    assert seen.property_dependencies == {"description": frozenset({STACK})}
    assert seen.inputs["description"] == "hush"
    assert seen.secrets == {"description"}
    assert seen.id == created.id


def test_the_program_gets_its_inputs_and_the_outputs_back_with_secrets_marked(program: Program) -> None:
    created = program.register(
        ROLE, "worker", inputs=role(description={**SECRET, "value": "hush"}), additionalSecretOutputs=["uniqueId"]
    )
    state = wire.decode(created.object)
    assert state.values["description"] == "hush"
    assert state.values["arn"] == program.deployment.resources[created.urn].outputs["arn"]
    assert state.secrets == {"description", "uniqueId"}


def test_a_urn_is_used_once(program: Program) -> None:
    program.register(ROLE, "worker", inputs=role())
    assert "Duplicate resource URN" in program.refusal(ROLE, "worker", inputs=role())


def test_a_resource_without_an_explicit_provider_is_refused(program: Program) -> None:
    refusal = program.refusal(ROLE, "worker", inputs=role(), provider="")
    assert refusal == (
        "aws:iam/role:Role 'worker': Default provider for 'aws' disabled. "
        "'aws:iam/role:Role' must use an explicit provider."
    )
    assert not program.account.world.roles


@pytest.mark.parametrize("reference", ["urn:pulumi:dev::demo::pulumi:providers:aws::absent::id", f"{STACK}::", "x"])
def test_a_provider_that_is_none_is_refused(program: Program, reference: str) -> None:
    assert "not a provider for aws" in program.refusal(ROLE, "worker", inputs=role(), provider=reference)


def test_a_parent_that_is_not_registered_is_refused(program: Program) -> None:
    refusal = program.refusal("demo:index:Part", "part", custom=False, parent=f"{STACK}-absent")
    assert "which is not registered" in refusal


def test_a_dependency_that_is_not_registered_is_refused(program: Program) -> None:
    refusal = program.refusal(ROLE, "worker", inputs=role(), dependencies=[STACK, f"{STACK}-absent"])
    assert f"depends on {STACK}-absent, which is not registered" in refusal
    assert not program.account.world.roles


@pytest.mark.parametrize("fields", [{"importId": "existing"}, {"remote": True}])
def test_what_needs_more_than_an_empty_account_is_refused(program: Program, fields: dict[str, Any]) -> None:
    assert "which the sandbox does not do" in program.refusal(ROLE, "worker", inputs=role(), **fields)


def test_reading_an_existing_resource_is_refused(program: Program) -> None:
    with pytest.raises(grpc.RpcError, match="the sandbox's account starts empty"):
        program.monitor.ReadResource(resource_pb2.ReadResourceRequest(type=ROLE, name="r", id="r"))


def test_a_failing_handler_is_a_refusal_and_not_the_end_of_the_monitor(
    program: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(registry, "create", lambda *_, **__: 1 / 0)
        assert "resource handler failed, see sandbox.log" in program.refusal(ROLE, "worker", inputs=role())
    program.register(ROLE, "other", inputs=role())


def test_the_caller_is_asked_through_the_explicit_provider(program: Program) -> None:
    token = "aws:index/getCallerIdentity:getCallerIdentity"
    request = resource_pb2.ResourceInvokeRequest(tok=token, provider=program.provider)
    answer = program.monitor.Invoke(request)
    assert wire.decode(getattr(answer, "return")).values["accountId"] == "000000000000"
    for bad, words in (
        (resource_pb2.ResourceInvokeRequest(tok=token), "must use an explicit provider"),
        (
            resource_pb2.ResourceInvokeRequest(tok="aws:index/getRegion:getRegion", provider=program.provider),
            "index.py",
        ),
    ):
        with pytest.raises(grpc.RpcError, match=words):
            program.monitor.Invoke(bad)


def test_the_outputs_of_the_stack_are_kept_and_those_of_components_are_not(program: Program) -> None:
    outputs = {"url": "http://x", "key": {**SECRET, "value": "hush"}}
    program.register("demo:index:Part", "part", custom=False)
    for urn, values in ((STACK, outputs), (COMPONENT, {"other": 1})):
        request = resource_pb2.RegisterResourceOutputsRequest(urn=urn, outputs=struct(values))
        program.monitor.RegisterResourceOutputs(request)
    assert program.deployment.outputs == {"url": "http://x", "key": "hush"}
    assert program.deployment.secret_outputs == {"key"}


def test_what_the_program_logs_is_passed_on_by_its_weight(program: Program) -> None:
    for severity in (engine_pb2.DEBUG, engine_pb2.INFO, engine_pb2.WARNING, engine_pb2.ERROR):
        program.engine.Log(engine_pb2.LogRequest(severity=severity, message=f"line\n{severity}"))
    assert program.messages == ["line 1", "line 2"]
    assert program.deployment.errors == ["line 3"]


def test_the_engine_remembers_its_stack(program: Program) -> None:
    program.engine.SetRootResource(engine_pb2.SetRootResourceRequest(urn=STACK))
    assert program.engine.GetRootResource(engine_pb2.GetRootResourceRequest()).urn == STACK


def test_features_are_said_in_both_ways_that_an_sdk_asks(program: Program) -> None:
    features = program.monitor.GetDeploymentInfo(Empty()).supportedFeatures
    assert resource_pb2.RESOURCE_MONITOR_FEATURE_SECRETS in features
    assert resource_pb2.RESOURCE_MONITOR_FEATURE_TRANSFORMS not in features
    for feature, supported in (("secrets", True), ("transforms", False)):
        request = resource_pb2.SupportsFeatureRequest(id=feature)
        assert program.monitor.SupportsFeature(request).hasSupport is supported


def test_policies_reach_the_world_through_the_monitor(program: Program) -> None:
    name = program.register(ROLE, "worker", inputs=role()).id
    statement = {"Effect": "Allow", "Action": "sqs:SendMessage", "Resource": "*"}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    program.register("aws:iam/rolePolicy:RolePolicy", "sends", inputs={"role": name, "policy": policy})
    (kept,) = program.account.world.roles.values()
    assert list(kept.policies.values()) == [json.loads(policy)]
