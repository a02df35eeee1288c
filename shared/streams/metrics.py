"""One log line and one set of metrics per stream, in CloudWatch's embedded metric format.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html
"""

import os

from aws_lambda_powertools.metrics import EphemeralMetrics, MetricUnit

from shared.contract.environment import Variable
from shared.streams.usage_record import UsageRecord
from shared.telemetry.log import logger


def record_stream(usage_record: UsageRecord, ids: dict[str, str]) -> None:
    """Writes the log line and the metrics of a stream that ended; dimensions are stack, architecture and model.

    Namespace, service and stack are those of the function's environment (`POWERTOOLS_…`, `STACK_NAME`).
    """
    logger.info("stream ended", extra={**ids, **usage_record.to_json(), "timings": usage_record.timings})
    metrics = EphemeralMetrics()
    # Without it the previews of pull requests would count as production; each combination is billed by itself.
    metrics.add_dimension("stack", os.environ[Variable.STACK_NAME])
    metrics.add_dimension("model", usage_record.model)
    if usage_record.first_text_ms is not None:
        metrics.add_metric("TimeToFirstToken", MetricUnit.Milliseconds, usage_record.first_text_ms)
    if usage_record.tokens_per_second is not None:
        metrics.add_metric("TokensPerSecond", MetricUnit.CountPerSecond, usage_record.tokens_per_second)
    if usage_record.cost is not None:
        metrics.add_metric("CostUSD", MetricUnit.NoUnit, usage_record.cost)
    metrics.add_metric("InputTokens", MetricUnit.Count, usage_record.usage.input_tokens)
    metrics.add_metric("OutputTokens", MetricUnit.Count, usage_record.usage.output_tokens)
    metrics.add_metric("Duration", MetricUnit.Milliseconds, usage_record.total_ms)
    metrics.flush_metrics()
