"""What is told of a start that a limit has refused: a log line, and one metric."""

from shared.contract.metrics import StackMetric
from shared.errors import ConcurrencyExceeded, InsufficientCredits, RateLimited
from shared.telemetry.log import logger
from shared.telemetry.metrics import write_metrics


def record_refusal(refusal: RateLimited | ConcurrencyExceeded | InsufficientCredits, correlation_id: str) -> None:
    """Counts a start that was refused. Nothing else is kept of it."""
    limit = refusal.quota.to_json() if refusal.quota else {}
    logger.info("refused", extra={"code": refusal.code, "limit": limit, "correlation_id": correlation_id})
    write_metrics({StackMetric.REFUSED_STREAMS: 1})
