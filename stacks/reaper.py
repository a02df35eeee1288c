"""The function that ends streams whose worker died, once a minute: for the dead tell nobody."""

from collections.abc import Mapping, Sequence
from typing import TypedDict

import pulumi
import pulumi_aws as aws

from stacks.arguments import FunctionLimits
from stacks.iam import Statement
from stacks.streaming_function import StreamingFunction

# Once a minute is as often as EventBridge fires:
# https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-rate-expressions.html
SWEEP_RATE = "rate(1 minute)"
SWEEP_TIMEOUT_SECONDS = 60
"""A sweep ends before the next begins."""


class ReaperArgs(TypedDict):
    """Arguments of `Reaper`."""

    architecture: pulumi.Input[str]
    """The architecture whose streams are ended; its name in logs and metrics too."""
    package: pulumi.Input[pulumi.Archive]
    """Zip of the function."""
    handler: pulumi.Input[str]
    """`module.function` of the function."""
    limits: FunctionLimits
    """Memory and log retention; the timeout is a sweep's own."""
    environment: pulumi.Input[Mapping[str, pulumi.Input[str]]]
    """Environment variables."""
    statements: pulumi.Input[Sequence[pulumi.Input[Statement]]]
    """What the function may do, besides writing its logs."""


class Reaper(pulumi.ComponentResource):
    """A function that EventBridge invokes once a minute, and that may be a worker's on-failure destination as well.

    https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-run-lambda-schedule.html
    """

    arn: pulumi.Output[str]
    """ARN of the function's alias, for the workers that tell it of their failed events."""
    function_name: pulumi.Output[str]
    """Name of the function, as its metrics have it."""

    def __init__(self, name: str, args: ReaperArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("streamways:index:Reaper", name, {}, opts)
        child = pulumi.ResourceOptions(parent=self)
        function = StreamingFunction(
            name,
            {
                "architecture": args["architecture"],
                "package": args["package"],
                "handler": args["handler"],
                "limits": {**args["limits"], "timeout_seconds": SWEEP_TIMEOUT_SECONDS},
                "environment": args["environment"],
                "statements": args["statements"],
                "asynchronous": True,
            },
            child,
        )
        rule = aws.cloudwatch.EventRule(f"{name}-sweep", schedule_expression=SWEEP_RATE, opts=child)
        permission = aws.lambda_.Permission(
            f"{name}-sweep",
            function=function.function_name,
            qualifier=function.qualifier,
            action="lambda:InvokeFunction",
            principal="events.amazonaws.com",
            source_arn=rule.arn,
            opts=child,
        )
        aws.cloudwatch.EventTarget(
            f"{name}-sweep",
            rule=rule.name,
            arn=function.arn,
            # A rule that fires before the permission is there fires into nothing.
            opts=pulumi.ResourceOptions(parent=self, depends_on=[permission]),
        )
        self.arn = function.arn
        self.function_name = function.function_name
        self.register_outputs({"arn": self.arn, "function_name": self.function_name})
