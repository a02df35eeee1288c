"""Alarms that reach somebody, and one dashboard. Off, it makes nothing: the program then leaves the component out."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import NotRequired, TypedDict

import pulumi
import pulumi_aws as aws

from stacks.alarms import ACCOUNT_ALARMS, PERIOD_SECONDS, Alarm, architecture_alarms, dimensions, namespace
from stacks.dashboard import Watched, dashboard_body, dashboard_name
from stacks.iam import POLICY_VERSION

ADDRESS_DIGITS = 7
"""Of a digest, in the name of a subscription: one that is taken out of the list changes no other."""

FunctionNames = Mapping[str, pulumi.Input[str]]


class MonitoredArchitecture(TypedDict):
    """One way to stream, as alarms see it."""

    generates: pulumi.Input[str]
    """Name of the function that generates."""
    reaper: pulumi.Input[str]
    """Name of the function that ends streams whose worker died."""
    worker: bool
    """Whether the function that generates is invoked asynchronously, so that its failures go to the reaper."""
    timeout_seconds: int
    """Timeout of the function that generates."""
    reserved_concurrency: NotRequired[int | None]
    """Most copies of the function that generates that run at once, if that is bounded."""


class MonitoringArgs(TypedDict):
    """Arguments of `Monitoring`."""

    region: pulumi.Input[str]
    """Region of the functions."""
    account_id: pulumi.Input[str]
    """Account whose alarms may publish to the topic."""
    architectures: Mapping[str, MonitoredArchitecture]
    """The ways to stream, by the name under which they write their metrics."""
    emails: Sequence[str]
    """Who gets a mail. AWS asks each of them to confirm first."""
    webhooks: Sequence[str]
    """`https://` addresses that get a POST. Each has to confirm the subscription, as on-call services do by themselves;
    an address is kept as a secret, because many hold their credential."""


class Monitoring(pulumi.ComponentResource):
    """An SNS topic with its subscriptions, an alarm for each kind and architecture, and a dashboard.

    The topic has no key of its own: with AWS's key for SNS, CloudWatch could not publish, and an alarm tells no secret.
    https://docs.aws.amazon.com/sns/latest/dg/sns-key-management.html
    """

    topic_arn: pulumi.Output[str]
    """ARN of the topic, for further subscriptions."""
    dashboard_name: pulumi.Output[str]
    """Name of the dashboard."""

    def __init__(self, name: str, args: MonitoringArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("streamways:index:Monitoring", name, {}, opts)
        child = pulumi.ResourceOptions(parent=self)
        stack = pulumi.get_stack()
        topic = aws.sns.Topic(f"{name}-alarms", opts=child)
        allowed = aws.sns.TopicPolicy(
            f"{name}-alarms",
            arn=topic.arn,
            policy=pulumi.Output.all(topic.arn, args["account_id"]).apply(lambda known: _may_publish(*known)),
            opts=child,
        )
        for protocol, addresses in (("email", args["emails"]), ("https", args["webhooks"])):
            for address in addresses:
                digest = hashlib.sha256(address.encode()).hexdigest()[:ADDRESS_DIGITS]
                aws.sns.TopicSubscription(
                    f"{name}-{protocol}-{digest}",
                    topic=topic.arn,
                    protocol=protocol,
                    endpoint=pulumi.Output.secret(address) if protocol == "https" else address,
                    opts=child,
                )
        functions: dict[str, FunctionNames] = {
            architecture: {"generates": of["generates"], "reaper": of["reaper"]}
            for architecture, of in args["architectures"].items()
        }
        kinds: dict[str, Sequence[Alarm]] = {
            architecture: architecture_alarms(
                of["timeout_seconds"], worker=of["worker"], reserved=of.get("reserved_concurrency")
            )
            for architecture, of in args["architectures"].items()
        }
        kinds[""], functions[""] = ACCOUNT_ALARMS, {}
        # An alarm that goes off before the topic takes it tells nobody.
        ready = pulumi.ResourceOptions(parent=self, depends_on=[allowed])
        alarms = [
            _metric_alarm(name, alarm, stack, architecture, functions[architecture], topic.arn, ready)
            for architecture, of in kinds.items()
            for alarm in of
        ]
        body = pulumi.Output.all(
            region=args["region"], functions=functions, arns=[alarm.arn for alarm in alarms]
        ).apply(
            lambda known: dashboard_body(
                known["region"],
                stack,
                [Watched(architecture, of, known["functions"][architecture]) for architecture, of in kinds.items()],
                known["arns"],
            )
        )
        dashboard = aws.cloudwatch.Dashboard(
            f"{name}-dashboard",
            dashboard_name=dashboard_name(pulumi.get_project(), stack),
            dashboard_body=body,
            opts=child,
        )
        self.topic_arn = topic.arn
        self.dashboard_name = dashboard.dashboard_name
        self.register_outputs({"topic_arn": self.topic_arn, "dashboard_name": self.dashboard_name})


def _metric_alarm(
    name: str,
    alarm: Alarm,
    stack: str,
    architecture: str,
    functions: FunctionNames,
    topic_arn: pulumi.Output[str],
    opts: pulumi.ResourceOptions,
) -> aws.cloudwatch.MetricAlarm:
    measures = [
        aws.cloudwatch.MetricAlarmMetricQueryArgs(
            id=measure.id,
            metric=aws.cloudwatch.MetricAlarmMetricQueryMetricArgs(
                namespace=namespace(measure.of),
                metric_name=measure.metric,
                stat=measure.statistic,
                period=PERIOD_SECONDS,
                dimensions=dimensions(measure.of, stack, architecture, functions),
            ),
            return_data=False,
        )
        for measure in alarm.measures
    ]
    formula = aws.cloudwatch.MetricAlarmMetricQueryArgs(
        id="value", expression=alarm.formula(), label=alarm.title, return_data=True
    )
    return aws.cloudwatch.MetricAlarm(
        "-".join(part for part in (name, architecture, alarm.anchor) if part),
        alarm_description=alarm.description(stack, architecture),
        comparison_operator="GreaterThanThreshold",
        threshold=alarm.threshold,
        evaluation_periods=1,
        treat_missing_data="notBreaching",
        metric_queries=[*measures, formula],
        alarm_actions=[topic_arn],
        ok_actions=[topic_arn],
        opts=opts,
    )


def _may_publish(topic_arn: str, account_id: str) -> str:
    """The topic's policy: CloudWatch may publish to it, for alarms of this account.

    https://docs.aws.amazon.com/sns/latest/dg/sns-access-policy-use-cases.html
    """
    statement = {
        "Effect": "Allow",
        "Principal": {"Service": "cloudwatch.amazonaws.com"},
        "Action": "sns:Publish",
        "Resource": topic_arn,
        "Condition": {"StringEquals": {"aws:SourceAccount": account_id}},
    }
    return json.dumps({"Version": POLICY_VERSION, "Statement": [statement]})
