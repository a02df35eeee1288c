"""CloudWatch alarms and dashboards. They are recorded: the sandbox evaluates no alarm and draws no graph.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricAlarm.html
"""

import json
import re
from collections.abc import Mapping
from typing import Any

from sandbox.errors import ResourceRefused
from sandbox.monitoring import AlarmedMetric, MetricAlarm
from sandbox.resources.handler import Cloud, Created, Entry, Handler, PhysicalName, Request, Standing, all_tags
from sandbox.resources.inputs import Inputs
from sandbox.world import ACCOUNT_ID

MAX_ALARM_NAME = 255
MAX_DESCRIPTION = 1024
MAX_QUERIES = 20
MAX_PERIODS = 1_440
DAY_SECONDS = 86_400
COMPARISONS = (
    *("GreaterThanOrEqualToThreshold", "GreaterThanThreshold"),
    *("LessThanThreshold", "LessThanOrEqualToThreshold"),
)
MISSING_DATA = ("missing", "ignore", "breaching", "notBreaching")
# https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutDashboard.html
DASHBOARD_NAME = re.compile(r"[A-Za-z0-9_-]{1,255}")

_ID = re.compile(r"[a-z][a-zA-Z0-9_]{0,254}")
_WORD = re.compile(r"\b[a-z]\w*")


def _put_alarm(cloud: Cloud, request: Request) -> Created:
    inputs, world = request.inputs, cloud.world
    name = inputs.text("name")
    description = inputs.optional_text("alarmDescription") or ""
    if len(description) > MAX_DESCRIPTION:
        raise ResourceRefused(f"alarmDescription has {len(description)} characters, allowed are {MAX_DESCRIPTION}")
    metrics, expression = _queries(inputs)
    actions = inputs.texts("alarmActions")
    for arn in {*actions, *inputs.texts("okActions")}:
        if arn not in world.topics:
            raise ResourceRefused(f"the action {arn} is no topic; the sandbox knows topics as actions alone")
    comparison = inputs.text("comparisonOperator", allowed=COMPARISONS)
    threshold = inputs.optional_number("threshold")
    if threshold is None:
        raise ResourceRefused("threshold is required; the sandbox knows no alarm on anomalies")
    alarm = MetricAlarm(
        name=name,
        arn=f"arn:aws:cloudwatch:{world.region}:{ACCOUNT_ID}:alarm:{name}",
        description=description,
        metrics=metrics,
        expression=expression,
        comparison=comparison,
        threshold=threshold,
        periods=inputs.integer("evaluationPeriods", 1, between=(1, MAX_PERIODS)),
        missing_data=inputs.optional_text("treatMissingData", allowed=MISSING_DATA) or MISSING_DATA[0],
        actions=actions,
    )
    world.alarms[name] = alarm
    return Created(name, {"arn": alarm.arn, "tagsAll": all_tags(request)})


def _queries(inputs: Inputs) -> tuple[tuple[AlarmedMetric, ...], str]:
    """The metrics of an alarm, and the expression over them that is compared with the threshold."""
    queries = inputs.blocks("metricQueries")
    if not 1 < len(queries) <= MAX_QUERIES:
        raise ResourceRefused(
            f"metricQueries has {len(queries)} items; the sandbox takes an expression with its metrics, "
            f"{MAX_QUERIES} at most"
        )
    metrics: list[AlarmedMetric] = []
    returned: list[str] = []
    ids: set[str] = set()
    for query in queries:
        query.without_effect("label")
        metric_id, expression, metric = query.text("id"), query.optional_text("expression"), query.block("metric")
        if not _ID.fullmatch(metric_id) or metric_id in ids:
            raise ResourceRefused(f"ValidationError: {metric_id!r} is no id that is unique and begins in lower case")
        ids.add(metric_id)
        if (expression is None) == (metric is None):
            raise ResourceRefused(f"ValidationError: the query {metric_id!r} needs a metric or an expression")
        if query.flag("returnData") != (expression is not None):
            raise ResourceRefused("the sandbox takes alarms on one expression: returnData of that one alone is true")
        if expression is not None:
            returned.append(expression)
        if metric is not None:
            metrics.append(_metric(metric_id, metric))
    if len(returned) != 1:
        raise ResourceRefused("ValidationError: exactly one query has to return data")
    if unknown := sorted(set(_WORD.findall(returned[0])) - {metric.id for metric in metrics}):
        raise ResourceRefused(f"ValidationError: the expression {returned[0]!r} names no metric {unknown[0]}")
    return tuple(metrics), returned[0]


def _metric(metric_id: str, metric: Inputs) -> AlarmedMetric:
    period = metric.integer("period", 60, between=(10, DAY_SECONDS))
    if period % 60 and period not in (10, 20, 30):
        raise ResourceRefused(f"period is {period}, allowed are 10, 20, 30 and multiples of 60")
    return AlarmedMetric(
        id=metric_id,
        namespace=metric.text("namespace"),
        name=metric.text("metricName"),
        statistic=metric.text("stat"),
        period_seconds=period,
        dimensions=metric.text_by_name("dimensions"),
    )


def _put_dashboard(cloud: Cloud, request: Request) -> Created:
    inputs, world = request.inputs, cloud.world
    name, body = inputs.text("dashboardName"), inputs.text("dashboardBody")
    if not DASHBOARD_NAME.fullmatch(name):
        raise ResourceRefused(f"InvalidParameterValue: the name {name!r} has other characters than A-Za-z0-9_-")
    if name in world.dashboards and not request.id:
        raise ResourceRefused(f"there is a dashboard {name!r} already, and the sandbox does not overwrite it")
    try:
        world.dashboards[name] = json.loads(body)
    except json.JSONDecodeError:
        raise ResourceRefused("InvalidParameterInput: The field DashboardBody must be a valid JSON object") from None
    return Created(name, {"dashboardArn": f"arn:aws:cloudwatch::{ACCOUNT_ID}:dashboard/{name}"})


def _place_of_alarm(cloud: Cloud, standing: Standing) -> Entry[str, MetricAlarm]:
    return Entry(cloud.world.alarms, standing.id)


def _place_of_dashboard(cloud: Cloud, standing: Standing) -> Entry[str, Mapping[str, Any]]:
    return Entry(cloud.world.dashboards, standing.id)


HANDLERS = (
    Handler(
        "aws:cloudwatch/metricAlarm:MetricAlarm",
        _put_alarm,
        PhysicalName("name", MAX_ALARM_NAME),
        place=_place_of_alarm,
        # https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricAlarm.html
        replaces=("name",),
        computed=("arn",),
        tagged=True,
    ),
    Handler(
        "aws:cloudwatch/dashboard:Dashboard",
        _put_dashboard,
        place=_place_of_dashboard,
        # https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutDashboard.html
        replaces=("dashboardName",),
        computed=("dashboardArn",),
    ),
)
