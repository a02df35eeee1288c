"""Metrics in CloudWatch's embedded metric format: lines on standard output.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html

Namespace, service and stack are those of the function's environment (`POWERTOOLS_…`, `STACK_NAME`).
"""

import json
import os
from collections.abc import Mapping

from aws_lambda_powertools.metrics import EphemeralMetrics, MetricUnit
from aws_lambda_powertools.metrics.provider.cloudwatch_emf.types import CloudWatchEMFOutput

from shared.contract.environment import Variable
from shared.contract.metrics import Dimension, ModelMetric, StackMetric

_UNITS: Mapping[str, MetricUnit] = {
    StackMetric.FAILED_STREAMS: MetricUnit.Count,
    StackMetric.REAPED_STREAMS: MetricUnit.Count,
    StackMetric.THROTTLED_STREAMS: MetricUnit.Count,
    StackMetric.REFUSED_STREAMS: MetricUnit.Count,
    StackMetric.TIME_TO_FIRST_TOKEN: MetricUnit.Milliseconds,
    StackMetric.DELIVERY_LAG: MetricUnit.Milliseconds,
    StackMetric.DURATION: MetricUnit.Milliseconds,
    ModelMetric.TOKENS_PER_SECOND: MetricUnit.CountPerSecond,
    ModelMetric.COST_USD: MetricUnit.NoUnit,
    ModelMetric.INPUT_TOKENS: MetricUnit.Count,
    ModelMetric.OUTPUT_TOKENS: MetricUnit.Count,
}


def write_metrics(
    of_stack: Mapping[StackMetric, float | None],
    of_model: Mapping[ModelMetric, float | None] | None = None,
    model: str = "",
) -> None:
    """Writes one line with the metrics that have a value: those of the stack, and of a model if it names one."""
    stack = {Dimension.STACK: os.environ[Variable.STACK_NAME]}
    sets = [_metrics(of_stack, stack)]
    if of_model:
        sets.append(_metrics(of_model, {**stack, Dimension.MODEL: model}))
    # One line for both sets: CloudWatch Logs bills the bytes, and the line holds what they share once.
    line: dict[str, object] = {name: value for each in sets for name, value in each.items()}
    directives = [directive for each in sets for directive in each["_aws"]["CloudWatchMetrics"]]
    print(json.dumps(line | {"_aws": {**sets[0]["_aws"], "CloudWatchMetrics": directives}}, separators=(",", ":")))


def _metrics(
    values: Mapping[StackMetric, float | None] | Mapping[ModelMetric, float | None], dimensions: Mapping[Dimension, str]
) -> CloudWatchEMFOutput:
    """The metrics that have a value."""
    metrics = EphemeralMetrics()
    for name, value in dimensions.items():
        metrics.add_dimension(name, value)
    for metric, value in values.items():
        if value is not None:
            metrics.add_metric(metric, _UNITS[metric], value)
    return metrics.serialize_metric_set()  # pyright: ignore[reportUnknownMemberType]
