"""What is told of a stream that ended: one log line, one set of metrics in CloudWatch's embedded metric format, and
one event for the sinks.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html
"""

import json
import os
from collections.abc import Mapping
from typing import Final

from aws_lambda_powertools.metrics import EphemeralMetrics, MetricUnit
from aws_lambda_powertools.metrics.provider.cloudwatch_emf.types import CloudWatchEMFOutput

from shared.contract.environment import Variable
from shared.contract.errors import ErrorCode
from shared.contract.metrics import Dimension, ModelMetric, StackMetric
from shared.streams.usage_record import UsageRecord
from shared.telemetry.events import StreamEnded
from shared.telemetry.log import logger
from shared.telemetry.reports import place, reports

FAILURES: Final = frozenset(ErrorCode) - {ErrorCode.CONTENT_BLOCKED}
"""Stop reasons of a stream that failed; `deadline` is the reason of one that was cut off as well."""

_UNITS: Mapping[str, MetricUnit] = {
    StackMetric.FAILED_STREAMS: MetricUnit.Count,
    StackMetric.REAPED_STREAMS: MetricUnit.Count,
    StackMetric.THROTTLED_STREAMS: MetricUnit.Count,
    StackMetric.TIME_TO_FIRST_TOKEN: MetricUnit.Milliseconds,
    StackMetric.DELIVERY_LAG: MetricUnit.Milliseconds,
    StackMetric.DURATION: MetricUnit.Milliseconds,
    ModelMetric.TOKENS_PER_SECOND: MetricUnit.CountPerSecond,
    ModelMetric.COST_USD: MetricUnit.NoUnit,
    ModelMetric.INPUT_TOKENS: MetricUnit.Count,
    ModelMetric.OUTPUT_TOKENS: MetricUnit.Count,
}


def record_stream(usage_record: UsageRecord, ids: dict[str, str], *, reaped: bool = False) -> None:
    """Tells of a stream that ended, once; `reaped` if by the reaper, because its worker died.

    Namespace, service and stack are those of the function's environment (`POWERTOOLS_…`, `STACK_NAME`).
    """
    told = {"timings": usage_record.timings, "deliveryLagMs": usage_record.delivery_lag_ms, "reaped": reaped}
    logger.info("stream ended", extra={**ids, **usage_record.to_json(), **told})
    failed = usage_record.stop_reason in FAILURES
    stack_name, architecture = place()
    reports.tell(
        StreamEnded(
            stack=stack_name,
            architecture=architecture,
            ids=ids,
            model=usage_record.model,
            stop_reason=usage_record.stop_reason,
            failed=failed,
            reaped=reaped,
            input_tokens=usage_record.usage.input_tokens,
            output_tokens=usage_record.usage.output_tokens,
            cost_usd=usage_record.cost,
            first_text_ms=usage_record.first_text_ms,
            delivery_lag_ms=usage_record.delivery_lag_ms,
            total_ms=usage_record.total_ms,
        )
    )
    stack = {Dimension.STACK: os.environ[Variable.STACK_NAME]}
    of_stack = _metrics(
        {
            StackMetric.FAILED_STREAMS: failed,
            StackMetric.REAPED_STREAMS: reaped,
            StackMetric.THROTTLED_STREAMS: usage_record.stop_reason == ErrorCode.MODEL_THROTTLED,
            StackMetric.TIME_TO_FIRST_TOKEN: usage_record.first_text_ms,
            StackMetric.DELIVERY_LAG: usage_record.delivery_lag_ms,
            StackMetric.DURATION: usage_record.total_ms,
        },
        stack,
    )
    of_model = _metrics(
        {
            ModelMetric.TIME_TO_FIRST_TOKEN: usage_record.first_text_ms,
            ModelMetric.TOKENS_PER_SECOND: usage_record.tokens_per_second,
            ModelMetric.COST_USD: usage_record.cost,
            ModelMetric.INPUT_TOKENS: usage_record.usage.input_tokens,
            ModelMetric.OUTPUT_TOKENS: usage_record.usage.output_tokens,
        },
        {**stack, Dimension.MODEL: usage_record.model},
    )
    # One line for both sets: CloudWatch Logs bills the bytes, and the line holds what they share once.
    directives = [*of_stack["_aws"]["CloudWatchMetrics"], *of_model["_aws"]["CloudWatchMetrics"]]
    line = {**of_stack, **of_model, "_aws": {**of_model["_aws"], "CloudWatchMetrics": directives}}
    print(json.dumps(line, separators=(",", ":")))


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
