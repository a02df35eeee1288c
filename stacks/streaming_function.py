"""One Lambda function with everything that is its own: role, log group, package, versions, and how it is invoked.

Each change publishes a version, and every caller goes through the alias `live`, which moves to it in one step: see
docs/adr/0017-every-caller-goes-through-an-alias.md.
"""

from collections.abc import Mapping, Sequence
from typing import NotRequired, TypedDict

import pulumi
import pulumi_aws as aws

from shared.contract.environment import Variable
from shared.contract.limits import START_WITHIN_SECONDS
from shared.contract.metrics import NAMESPACE
from stacks.arguments import FunctionLimits, joined, merged
from stacks.iam import SEND_TRACES, Statement, policy, trust
from stacks.log_group import log_group

RUNTIME = "python3.13"
INSTRUCTION_SET = "arm64"
"""Cheaper per GB-second than x86_64: https://aws.amazon.com/lambda/pricing/"""

ALIAS = "live"

ASYNCHRONOUS_RETRIES = 0
"""A retried or late start would bill an answer that nobody waits for; Lambda's own defaults are 2 and six hours.

https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-error-handling.html
"""


class StreamingFunctionArgs(TypedDict):
    """Arguments of `StreamingFunction`."""

    architecture: pulumi.Input[str]
    """The architecture that the function belongs to; its name in logs and metrics too."""
    package: pulumi.Input[pulumi.Archive]
    """The zip with code and dependencies, for python3.13 on arm64."""
    handler: pulumi.Input[str]
    """`module.function`, or the script that the Web Adapter starts."""
    limits: FunctionLimits
    """Timeout and memory, what is kept of its logs, and whether it is traced."""
    environment: pulumi.Input[Mapping[str, pulumi.Input[str]]]
    """Environment variables."""
    statements: pulumi.Input[Sequence[pulumi.Input[Statement]]]
    """What the function may do, besides writing its logs."""
    layers: NotRequired[pulumi.Input[Sequence[pulumi.Input[str]]]]
    """ARNs of layer versions."""
    reserved_concurrency: NotRequired[pulumi.Input[int | None]]
    """Most copies that run at once; by default the function draws from the account's pool."""
    asynchronous: NotRequired[bool]
    """Whether the function is invoked asynchronously: then nothing is retried, and nothing starts late."""
    on_failure: NotRequired[pulumi.Input[str]]
    """ARN of the alias that is told of an asynchronous invocation which timed out, crashed or never started."""
    warm: NotRequired[int]
    """Environments that are kept started, and billed by the hour (provisioned concurrency); none by default."""


class StreamingFunction(pulumi.ComponentResource):
    """A function with a role and a log group of its own; its metrics carry the name of the stack."""

    function_name: pulumi.Output[str]
    """Name of the function; whatever takes it takes `qualifier` beside it."""
    qualifier: pulumi.Output[str]
    """Name of the alias."""
    arn: pulumi.Output[str]
    """ARN of the alias: what callers invoke, and what their policies name."""
    invoke_arn: pulumi.Output[str]
    """ARN by which API Gateway invokes the alias."""

    def __init__(self, name: str, args: StreamingFunctionArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("streamways:index:StreamingFunction", name, {}, opts)
        child = pulumi.ResourceOptions(parent=self)
        limits = args["limits"]
        # The group has a name of its own, and the role may not create groups: deleted, it does not come back.
        group = log_group(f"{name}-logs", limits, self)
        role = aws.iam.Role(f"{name}-role", assume_role_policy=trust("lambda.amazonaws.com"), opts=child)
        logs: Statement = {
            "actions": ["logs:CreateLogStream", "logs:PutLogEvents"],
            "resources": [pulumi.Output.concat(group.arn, ":log-stream:*")],
        }
        on_failure = args.get("on_failure")
        # Lambda tells the destination in the name of this function's role.
        tell: list[Statement] = (
            [] if on_failure is None else [{"actions": ["lambda:InvokeFunction"], "resources": [on_failure]}]
        )
        traced = limits.get("tracing", False)
        own = [logs, *tell, *([SEND_TRACES] if traced else [])]
        role_policy = aws.iam.RolePolicy(
            f"{name}-policy", role=role.id, policy=policy(joined(own, args["statements"])), opts=child
        )
        function = aws.lambda_.Function(
            name,
            role=role.arn,
            code=args["package"],
            handler=args["handler"],
            runtime=RUNTIME,
            architectures=[INSTRUCTION_SET],
            layers=args.get("layers"),
            timeout=limits["timeout_seconds"],
            memory_size=limits["memory_megabytes"],
            reserved_concurrent_executions=args.get("reserved_concurrency"),
            environment=aws.lambda_.FunctionEnvironmentArgs(
                variables=merged(
                    {
                        Variable.ARCHITECTURE: args["architecture"],
                        "POWERTOOLS_SERVICE_NAME": args["architecture"],
                        "POWERTOOLS_METRICS_NAMESPACE": NAMESPACE,
                        Variable.STACK_NAME: pulumi.get_stack(),
                    },
                    args["environment"],
                )
            ),
            # Powertools writes JSON itself; Lambda's JSON format would wrap it once more.
            logging_config=aws.lambda_.FunctionLoggingConfigArgs(log_format="Text", log_group=group.name),
            # Lambda goes on tracing a function whose tracing is no longer mentioned.
            tracing_config=aws.lambda_.FunctionTracingConfigArgs(mode="Active" if traced else "PassThrough"),
            publish=True,
            # A request that comes before the policy would be refused by the services it calls.
            opts=pulumi.ResourceOptions(parent=self, depends_on=[role_policy]),
        )
        alias = aws.lambda_.Alias(
            f"{name}-{ALIAS}", name=ALIAS, function_name=function.name, function_version=function.version, opts=child
        )
        if args.get("asynchronous"):
            aws.lambda_.FunctionEventInvokeConfig(
                f"{name}-events",
                function_name=function.name,
                qualifier=alias.name,
                maximum_retry_attempts=ASYNCHRONOUS_RETRIES,
                maximum_event_age_in_seconds=START_WITHIN_SECONDS,
                destination_config=None if on_failure is None else _failures_to(on_failure),
                opts=child,
            )
        if warm := args.get("warm"):
            aws.lambda_.ProvisionedConcurrencyConfig(
                f"{name}-warm",
                function_name=function.name,
                qualifier=alias.name,
                provisioned_concurrent_executions=warm,
                opts=child,
            )
        self.function_name = function.name
        self.qualifier = alias.name
        self.arn = alias.arn
        self.invoke_arn = alias.invoke_arn
        self.register_outputs(
            {
                "function_name": self.function_name,
                "qualifier": self.qualifier,
                "arn": self.arn,
                "invoke_arn": self.invoke_arn,
            }
        )


def _failures_to(destination: pulumi.Input[str]) -> "aws.lambda_.FunctionEventInvokeConfigDestinationConfigArgs":
    return aws.lambda_.FunctionEventInvokeConfigDestinationConfigArgs(
        on_failure=aws.lambda_.FunctionEventInvokeConfigDestinationConfigOnFailureArgs(destination=destination)
    )
