"""The work of a worker function: one event, one stream, whatever the transport.

An asynchronous event can arrive twice, and late. The claim makes the second do nothing; `startBy` ends a late one.
"""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

from shared.errors import DeadlineExceeded, Internal
from shared.models.bedrock import BedrockModel
from shared.stream.delivery import Delivery, ReceiverGone
from shared.stream.outbox import Outbox
from shared.stream.registry import StreamRegistry
from shared.stream.run import StreamRun
from shared.stream.start import StreamStart
from shared.telemetry.log import logger


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

    def work(self, event: Mapping[str, Any], delivery: Delivery, ends_at: float) -> None:
        """Runs the stream of an event to its end. `ends_at` is when the function's time is over (`time.monotonic()`).

        Whatever goes wrong, the client is told: it would wait for a stream that nobody runs.
        """
        try:
            self._work(StreamStart.from_json(event["stream"]), event["startBy"], delivery, ends_at)
        except ReceiverGone:
            logger.info("the receiver is gone")
        except Exception:
            logger.exception("the stream failed")
            _fail(delivery)

    def _work(self, start: StreamStart, start_by: float, delivery: Delivery, ends_at: float) -> None:
        if not self.registry.claim(start.owner, start.stream_id):
            logger.warning("the stream was claimed before", extra={"streamId": start.stream_id})
            return
        if time.time() > start_by:
            self._end_late(start, delivery)
            return
        outbox = Outbox(min_interval=self.min_interval)
        run = StreamRun(start, model=self.model, registry=self.registry, outbox=outbox, ends_at=ends_at)
        run.begin()
        try:
            while batch := outbox.take():
                delivery.deliver(batch)
        finally:
            # The stream goes on without its receiver: a hang-up is not a cancel, and what is used is booked.
            outbox.abandon()
            run.join()

    def _end_late(self, start: StreamStart, delivery: Delivery) -> None:
        late = DeadlineExceeded("The answer could not be begun in time. Please try again.")
        try:
            self.registry.end(start.owner, start.stream_id, {"stopReason": late.code})
        except Exception:
            logger.exception("booking the stream failed", extra={"streamId": start.stream_id})
        delivery.fail(late)


def _fail(delivery: Delivery) -> None:
    try:
        delivery.fail(Internal())
    except Exception:
        logger.exception("the client could not be told")
