"""One log line and one set of metrics per stream, in CloudWatch's embedded metric format.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass

from aws_lambda_powertools import Logger
from aws_lambda_powertools.metrics import EphemeralMetrics, MetricUnit

logger = Logger()
"""The logger of a function: JSON lines, service = the architecture (`POWERTOOLS_SERVICE_NAME`)."""


@dataclass(frozen=True)
class StreamRecord:
    """What is kept of a stream in logs and metrics. Times in milliseconds since admission."""

    stream_id: str
    correlation_id: str
    model: str
    stop_reason: str
    input_tokens: int
    output_tokens: int
    cost: object
    first_text_ms: float | None
    total_ms: float
    tokens_per_second: float | None


def record_stream(record: StreamRecord) -> None:
    """Writes the log line and the metrics of a stream that ended; dimensions are architecture and model."""
    logger.info("stream ended", extra=_log_fields(record))
    metrics = EphemeralMetrics(namespace="Streamways", service=os.environ["POWERTOOLS_SERVICE_NAME"])
    metrics.add_dimension("model", record.model)
    if record.first_text_ms is not None:
        metrics.add_metric("TimeToFirstToken", MetricUnit.Milliseconds, record.first_text_ms)
    if record.tokens_per_second is not None:
        metrics.add_metric("TokensPerSecond", MetricUnit.CountPerSecond, record.tokens_per_second)
    if isinstance(record.cost, int | float):
        metrics.add_metric("CostUSD", MetricUnit.NoUnit, record.cost)
    metrics.add_metric("InputTokens", MetricUnit.Count, record.input_tokens)
    metrics.add_metric("OutputTokens", MetricUnit.Count, record.output_tokens)
    metrics.add_metric("Duration", MetricUnit.Milliseconds, record.total_ms)
    metrics.flush_metrics()


def _log_fields(record: StreamRecord) -> Mapping[str, object]:
    return {
        "streamId": record.stream_id,
        "correlation_id": record.correlation_id,
        "model": record.model,
        "stopReason": record.stop_reason,
        "inputTokens": record.input_tokens,
        "outputTokens": record.output_tokens,
        "cost": record.cost,
        "firstTextMs": record.first_text_ms,
        "totalMs": record.total_ms,
    }
