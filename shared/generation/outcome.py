"""How one answer ended: what it used, and the parts that tell its client so."""

from collections.abc import Sequence
from dataclasses import dataclass

from shared.errors import ContentBlocked, ModelUnavailable, StreamwaysError
from shared.generation.end_signal import Cause
from shared.generation.usage_meter import UsageMeter
from shared.protocol import parts
from shared.protocol.parts import Part
from shared.streams.usage_record import UsageRecord


@dataclass(frozen=True)
class Outcome:
    """The end of a stream, before anybody knows of it."""

    usage: UsageRecord
    last_parts: Sequence[Part]


def outcome(stream_id: str, cause: Cause | None, failure: StreamwaysError | None, meter: UsageMeter) -> Outcome:
    """The outcome of a stream that ends for this cause. `failure` is the model's, and counts if the model ended it."""
    if cause == "model":
        failure = failure or _unfinished(meter)
        stop_reason = failure.code if failure else str(meter.stop_reason)
    else:
        failure, stop_reason = None, str(cause)
    usage = meter.record(stop_reason, failure)
    metadata = usage.metadata(stream_id)
    if failure is not None:
        return Outcome(usage, parts.failure(failure, metadata))
    if cause in ("cancelled", "superseded"):
        return Outcome(usage, [parts.message_metadata(metadata), parts.abort(cause)])
    return Outcome(usage, [parts.finish(meter.finish_reason if cause == "model" else "other", metadata)])


def _unfinished(meter: UsageMeter) -> StreamwaysError | None:
    if meter.blocked:
        return ContentBlocked("The answer was stopped by this application's content rules.")
    if meter.stop_reason is None:
        return ModelUnavailable("The model's answer broke off. Please try again.")
    return None
