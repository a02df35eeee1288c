"""What is told of a stream that ended: one log line, one line of metrics, and one event for the sinks."""

from shared.contract.errors import ErrorCode
from shared.contract.metrics import ModelMetric, StackMetric
from shared.streams.usage_record import UsageRecord
from shared.telemetry.events import StreamEnded
from shared.telemetry.log import logger
from shared.telemetry.metrics import write_metrics
from shared.telemetry.reports import place, reports


def record_stream(usage_record: UsageRecord, ids: dict[str, str], *, reaped: bool = False) -> None:
    """Tells of a stream that ended, once; `reaped` if by the reaper, because its worker died.

    Namespace, service and stack are those of the function's environment (`POWERTOOLS_…`, `STACK_NAME`).
    """
    told = {"timings": usage_record.timings, "deliveryLagMs": usage_record.delivery_lag_ms, "reaped": reaped}
    logger.info("stream ended", extra={**ids, **usage_record.to_json(), **told})
    stack_name, architecture = place()
    reports.tell(
        StreamEnded(
            stack=stack_name,
            architecture=architecture,
            ids=ids,
            model=usage_record.model,
            stop_reason=usage_record.stop_reason,
            failed=usage_record.failed,
            reaped=reaped,
            input_tokens=usage_record.usage.input_tokens,
            output_tokens=usage_record.usage.output_tokens,
            cost_usd=usage_record.cost,
            first_text_ms=usage_record.first_text_ms,
            delivery_lag_ms=usage_record.delivery_lag_ms,
            total_ms=usage_record.total_ms,
        )
    )
    of_stack = {
        StackMetric.FAILED_STREAMS: usage_record.failed,
        StackMetric.REAPED_STREAMS: reaped,
        StackMetric.THROTTLED_STREAMS: usage_record.stop_reason == ErrorCode.MODEL_THROTTLED,
        StackMetric.REFUSED_STREAMS: 0,
        StackMetric.TIME_TO_FIRST_TOKEN: usage_record.first_text_ms,
        StackMetric.DELIVERY_LAG: usage_record.delivery_lag_ms,
        StackMetric.DURATION: usage_record.total_ms,
    }
    of_model = {
        ModelMetric.TIME_TO_FIRST_TOKEN: usage_record.first_text_ms,
        ModelMetric.TOKENS_PER_SECOND: usage_record.tokens_per_second,
        ModelMetric.COST_USD: usage_record.cost,
        ModelMetric.INPUT_TOKENS: usage_record.usage.input_tokens,
        ModelMetric.OUTPUT_TOKENS: usage_record.usage.output_tokens,
    }
    write_metrics(of_stack, of_model, usage_record.model)
