"""One log line and one set of metrics per stream, in CloudWatch's embedded metric format.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html
"""

import os

from aws_lambda_powertools.metrics import EphemeralMetrics, MetricUnit

from shared.streams.usage_record import Booking
from shared.telemetry.log import logger


def record_stream(booking: Booking, ids: dict[str, str]) -> None:
    """Writes the log line and the metrics of a stream that ended; dimensions are stack, architecture and model.

    Namespace, service and stack are those of the function's environment (`POWERTOOLS_…`, `STACK_NAME`).
    """
    logger.info("stream ended", extra={**ids, **booking.to_json(), "timings": booking.timings})
    metrics = EphemeralMetrics()
    # Without it the previews of pull requests would count as production; each combination is billed by itself.
    metrics.add_dimension("stack", os.environ["STACK_NAME"])
    metrics.add_dimension("model", booking.model)
    if booking.first_text_ms is not None:
        metrics.add_metric("TimeToFirstToken", MetricUnit.Milliseconds, booking.first_text_ms)
    if booking.tokens_per_second is not None:
        metrics.add_metric("TokensPerSecond", MetricUnit.CountPerSecond, booking.tokens_per_second)
    if booking.cost is not None:
        metrics.add_metric("CostUSD", MetricUnit.NoUnit, booking.cost)
    metrics.add_metric("InputTokens", MetricUnit.Count, booking.usage.input_tokens)
    metrics.add_metric("OutputTokens", MetricUnit.Count, booking.usage.output_tokens)
    metrics.add_metric("Duration", MetricUnit.Milliseconds, booking.total_ms)
    metrics.flush_metrics()
