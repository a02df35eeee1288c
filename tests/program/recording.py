"""Runs the whole program in this process, against a monitor that records what it is asked to make."""

import asyncio
import json
import runpy
import threading
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pulumi
import yaml
from pulumi.runtime import mocks, rpc
from pulumi.runtime.settings import get_root_resource

from stacks.stack_names import AUTONAMING, name_start

ROOT = Path(__file__).resolve().parents[2]
ACCOUNT_ID = "123456789012"
STACK_TYPE = "pulumi:pulumi:Stack"
STACK_REFERENCE = "pulumi:pulumi:StackReference"
SUFFIX = "0a1b2c3"
"""What Pulumi appends to names: random for each resource of each stack; here one for a whole stack."""


@dataclass(frozen=True)
class Resource:
    """One registered resource, as the engine would see it."""

    urn: str
    type: str
    name: str
    inputs: Mapping[str, Any]
    outputs: Mapping[str, Any]
    parent: str
    provider: str
    dependencies: tuple[str, ...]
    protect: bool
    retain: bool


@dataclass
class Deployment:
    """What one run of the program registered and exported; `stacks` are the outputs of others, by their names."""

    stacks: Mapping[str, Mapping[str, object]] = field(default_factory=dict)
    resources: dict[str, Resource] = field(default_factory=dict)
    outputs: dict[str, Any] = field(default_factory=dict)
    calls: list[str] = field(default_factory=list)

    def of(self, type_: str) -> list[Resource]:
        """All resources of a type, like `aws:lambda/function:Function`."""
        return [resource for resource in self.resources.values() if resource.type == type_]

    def named(self, name: str, type_: str) -> Resource:
        """The one resource with this type and logical name."""
        (found,) = (resource for resource in self.of(type_) if resource.name == name)
        return found


class _Answers(mocks.Mocks):
    """Outputs as AWS gives them: the inputs, an id, ARNs, and an automatic name where the program set none."""

    def __init__(self, deployment: Deployment, suffix: str, start: str = "") -> None:
        self.deployment = deployment
        self.suffix = suffix
        self.start = start

    def new_resource(self, args: mocks.MockResourceArgs) -> tuple[str, dict[str, Any]]:
        name = args.inputs.get("name", f"{self.start}{args.name}-{self.suffix}")
        if args.typ == STACK_REFERENCE:
            return name, {"name": name, "outputs": self.deployment.stacks[name], "secretOutputNames": []}
        state = {"name": name, **args.inputs, **computed(args.typ, name, args.inputs)}
        return f"{args.name}-id" if self.suffix == SUFFIX else f"{args.name}-{self.suffix}-id", state

    def call(self, args: mocks.MockCallArgs) -> tuple[dict[str, Any], list[tuple[str, str]]]:
        self.deployment.calls.append(args.token)
        assert args.provider, f"{args.token} goes to the default provider"
        assert args.token == "aws:index/getCallerIdentity:getCallerIdentity"
        return {"accountId": ACCOUNT_ID, "arn": f"arn:aws:iam::{ACCOUNT_ID}:root", "id": ACCOUNT_ID, "userId": "u"}, []


def computed(type_: str, name: str, inputs: Mapping[str, Any]) -> dict[str, Any]:
    region = "us-east-1"
    lambda_arn = f"arn:aws:lambda:{region}:{ACCOUNT_ID}:function:{name}"
    alias_arn = f"arn:aws:lambda:{region}:{ACCOUNT_ID}:function:{inputs.get('functionName')}:{name}"
    return {
        "aws:lambda/function:Function": {
            "arn": lambda_arn,
            "invokeArn": f"arn:aws:apigateway:{region}:lambda:path/2015-03-31/functions/{lambda_arn}/invocations",
            "version": "7",
        },
        "aws:lambda/alias:Alias": {
            "arn": alias_arn,
            "invokeArn": f"arn:aws:apigateway:{region}:lambda:path/2015-03-31/functions/{alias_arn}/invocations",
        },
        "aws:lambda/functionUrl:FunctionUrl": {"functionUrl": f"https://{name}.lambda-url.us-east-1.on.aws/"},
        "aws:iam/role:Role": {"arn": f"arn:aws:iam::{ACCOUNT_ID}:role{inputs.get('path', '/')}{name}"},
        "aws:iam/policy:Policy": {"arn": f"arn:aws:iam::{ACCOUNT_ID}:policy{inputs.get('path', '/')}{name}"},
        "aws:iam/openIdConnectProvider:OpenIdConnectProvider": {
            "arn": f"arn:aws:iam::{ACCOUNT_ID}:oidc-provider/{inputs.get('url', '').removeprefix('https://')}"
        },
        "aws:kms/key:Key": {"arn": f"arn:aws:kms:{region}:{ACCOUNT_ID}:key/{name}", "keyId": name},
        "aws:s3/bucket:Bucket": {
            "arn": f"arn:aws:s3:::{name}",
            "bucket": name,
            "bucketRegionalDomainName": f"{name}.s3.{region}.amazonaws.com",
        },
        "aws:cloudwatch/logGroup:LogGroup": {"arn": f"arn:aws:logs:{region}:{ACCOUNT_ID}:log-group:{name}"},
        "aws:cloudwatch/eventRule:EventRule": {"arn": f"arn:aws:events:{region}:{ACCOUNT_ID}:rule/{name}"},
        "aws:cloudwatch/metricAlarm:MetricAlarm": {"arn": f"arn:aws:cloudwatch:{region}:{ACCOUNT_ID}:alarm:{name}"},
        "aws:sns/topic:Topic": {"arn": f"arn:aws:sns:{region}:{ACCOUNT_ID}:{name}"},
        "aws:secretsmanager/secret:Secret": {
            "arn": f"arn:aws:secretsmanager:{region}:{ACCOUNT_ID}:secret:{name}-AbCdEf"
        },
        "aws:cloudfront/keyValueStore:KeyValueStore": {
            "arn": f"arn:aws:cloudfront::{ACCOUNT_ID}:key-value-store/{name}"
        },
        "aws:cloudfront/function:Function": {"arn": f"arn:aws:cloudfront::{ACCOUNT_ID}:function/{name}"},
        "aws:cloudfront/distribution:Distribution": {
            "arn": f"arn:aws:cloudfront::{ACCOUNT_ID}:distribution/E{name.upper()}",
            "domainName": f"{'d333333' if name.startswith('page') else 'd111111'}abcdef8.cloudfront.net",
            "hostedZoneId": "Z2FDTNDATAQYW2",
        },
        "aws:apigatewayv2/domainName:DomainName": {
            "domainNameConfiguration": {
                **inputs.get("domainNameConfiguration", {}),
                "targetDomainName": "d-abc.execute-api.us-east-1.amazonaws.com",
                "hostedZoneId": "ZOFAPIGATEWAY",
            }
        },
        "aws:appsync/domainName:DomainName": {
            "appsyncDomainName": "d222222abcdef8.cloudfront.net",
            "hostedZoneId": "Z2FDTNDATAQYW2",
        },
        "aws:dynamodb/table:Table": {"arn": f"arn:aws:dynamodb:{region}:{ACCOUNT_ID}:table/{name}"},
        "aws:apigatewayv2/api:Api": {
            "apiEndpoint": "wss://ws1.execute-api.us-east-1.amazonaws.com",
            "executionArn": f"arn:aws:execute-api:{region}:{ACCOUNT_ID}:ws1",
        },
        "aws:appsync/graphQLApi:GraphQLApi": {
            "arn": f"arn:aws:appsync:{region}:{ACCOUNT_ID}:apis/gql1",
            "uris": {
                "GRAPHQL": "https://gql1.appsync-api.us-east-1.amazonaws.com/graphql",
                "REALTIME": "wss://gql1.appsync-realtime-api.us-east-1.amazonaws.com/graphql",
            },
        },
    }.get(type_, {})


class _Recorder(mocks.MockMonitor):
    """A mock monitor that keeps what `Mocks` does not show: parents, providers, dependencies."""

    def __init__(self, deployment: Deployment, answers: _Answers) -> None:
        super().__init__(answers)
        self.deployment = deployment
        self.lock = threading.Lock()

    def RegisterResource(self, request: Any) -> Any:  # noqa: N802 - the name in Pulumi's protocol
        response = super().RegisterResource(request)
        resource = Resource(
            urn=response.urn,
            type=request.type,
            name=request.name,
            inputs=rpc.deserialize_properties(request.object, keep_unknowns=True),
            outputs={**rpc.deserialize_properties(response.object, keep_unknowns=True), "id": response.id},
            parent=request.parent,
            provider=request.provider,
            dependencies=tuple(request.dependencies),
            protect=request.protect,
            retain=request.retainOnDelete,
        )
        with self.lock:
            assert response.urn not in self.deployment.resources, f"{response.urn} is registered twice"
            self.deployment.resources[response.urn] = resource
        return response


def defaults() -> dict[str, str]:
    """The configuration of a new stack as `pulumi up` hands it to the program: what Pulumi.yaml says."""
    document = yaml.safe_load((ROOT / "Pulumi.yaml").read_text())
    config = {}
    for key, schema in document["config"].items():
        value = schema.get("value", schema.get("default"))
        full = key if ":" in key else f"{document['name']}:{key}"
        config[full] = value if isinstance(value, str) else json.dumps(value)
    return config


def run(
    config: Mapping[str, str],
    stack: str,
    *,
    preview: bool = False,
    secrets: Sequence[str] = (),
    program: Path = ROOT / "stacks",
    stacks: Mapping[str, Mapping[str, object]] | None = None,
    suffix: str = SUFFIX,
    project: str = "streamways",
) -> Deployment:
    """Run a program, which is `stacks/` unless told otherwise, as the language host does. Raises what it raises.

    `secrets` are the keys that the configuration keeps encrypted; `stacks` the outputs of other stacks. A `preview` is
    that of a stack which is up and unchanged: the engine answers each resource with its state, and a property that the
    state lacks is unknown. `suffix` tells the names and ids of one stack from those of another. With `AUTONAMING` in
    the configuration, names begin with project and stack.
    """
    deployment = Deployment(stacks or {})
    answers = _Answers(deployment, suffix, name_start(project, stack) if AUTONAMING in config else "")
    failure: list[BaseException] = []

    def in_own_thread() -> None:
        # A thread of its own: Pulumi keeps its settings in context variables and its work on the thread's event loop.
        try:
            with _event_loops():
                mocks.set_mocks(
                    answers,
                    project=project,
                    organization="organization",
                    stack=stack,
                    preview=preview,
                    monitor=_Recorder(deployment, answers),
                )
                pulumi.runtime.set_all_config(dict(config), list(secrets))
                _execute(program, deployment)
        except BaseException as error:
            failure.append(error)

    thread = threading.Thread(target=in_own_thread)
    thread.start()
    thread.join()
    if failure:
        raise failure[0]
    return deployment


def _execute(program: Path, deployment: Deployment) -> None:
    @mocks.test
    def execute() -> pulumi.Output[None]:
        runpy.run_path(str(program), run_name="__main__")
        outputs = pulumi.Output.from_input(dict(get_root_resource().outputs))
        return outputs.apply(deployment.outputs.update)

    execute()


@contextmanager
def _event_loops() -> Iterator[None]:
    """Loops for this thread and for the executor's, closed at the end: a loop that is left open is a warning."""
    loops: list[asyncio.AbstractEventLoop] = []

    def new_loop() -> asyncio.AbstractEventLoop:
        loop = asyncio.new_event_loop()
        asyncio.set_event_loop(loop)
        loops.append(loop)
        return loop

    own = new_loop()
    with ThreadPoolExecutor(initializer=new_loop) as executor:
        own.set_default_executor(executor)
        try:
            yield
        finally:
            executor.shutdown()
            for loop in loops:
                loop.close()
