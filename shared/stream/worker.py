"""The work of a worker function: one event, one stream, whatever the transport.

An asynchronous event can arrive twice, and late. The claim makes the second do nothing; `startBy` ends a late one.
"""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

from shared.errors import DeadlineExceeded
from shared.models.bedrock import BedrockModel
from shared.protocol import parts
from shared.stream.delivery import Delivery, ReceiverGone
from shared.stream.outbox import Outbox
from shared.stream.registry import StreamRegistry
from shared.stream.run import StreamRun
from shared.stream.start import StreamStart
from shared.telemetry.record import logger


@dataclass(frozen=True)
class Worker:
    """What a worker's environment keeps between events. `min_interval`: see Outbox."""

    model: BedrockModel
    registry: StreamRegistry
    min_interval: float

    @classmethod
    def from_environment(cls, min_interval: float) -> Self:
        """Model and table as the function's environment names them."""
        return cls(BedrockModel.from_environment(), StreamRegistry.from_environment(), min_interval)

    def work(self, event: Mapping[str, Any], delivery: Delivery, remaining: float) -> None:
        """Runs the stream of an event to its end. `remaining` is the function's time in seconds."""
        start = StreamStart.from_json(event["stream"])
        if not self.registry.claim(start.owner, start.stream_id):
            logger.warning("the stream was claimed before", extra={"streamId": start.stream_id})
            return
        outbox = Outbox(min_interval=self.min_interval)
        if time.time() > event["startBy"]:
            self._end_late(start, outbox)
            _deliver_all(outbox, delivery)
            return
        run = StreamRun(start, model=self.model, registry=self.registry, outbox=outbox, remaining=remaining)
        run.begin()
        _deliver_all(outbox, delivery)
        run.join()

    def _end_late(self, start: StreamStart, outbox: Outbox) -> None:
        late = DeadlineExceeded("The answer could not be begun in time. Please try again.")
        try:
            self.registry.end(start.owner, start.stream_id, {"stopReason": late.code})
        except Exception:
            logger.exception("booking the stream failed", extra={"streamId": start.stream_id})
        outbox.put(parts.start(start.message_id, start.stream_id))
        outbox.end(parts.failure(late, {"streamId": start.stream_id, "stopReason": late.code}))


def _deliver_all(outbox: Outbox, delivery: Delivery) -> None:
    try:
        while batch := outbox.take():
            delivery.deliver(batch)
    except ReceiverGone:
        logger.info("the receiver is gone; the stream goes on")
    except Exception:
        logger.exception("delivery failed; the stream goes on")
    finally:
        outbox.abandon()
