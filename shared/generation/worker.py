"""The work of a worker function: one event, one stream, whatever the transport.

An asynchronous event can arrive twice, and late. The claim makes the second do nothing; `startBy` ends a late one.
"""

import os
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

from shared.contract.environment import Variable
from shared.contract.limits import KEEP_ALIVE_SECONDS
from shared.errors import DeadlineExceeded
from shared.generation.delivery import Delivery, ReceiverGone, tell_failure
from shared.generation.run import StreamRun
from shared.models.bedrock import BedrockModel
from shared.streams.repository import StreamRepository
from shared.streams.start import StreamStart
from shared.telemetry.log import logger


@dataclass(frozen=True)
class Worker:
    """What a worker's environment keeps between events. `min_interval`: see Outbox.

    `parts_at_once` is how many parts one call of the transport brings, if that is bounded: what waits meanwhile merges.
    """

    model: BedrockModel
    repository: StreamRepository
    min_interval: float
    parts_at_once: int | None = None

    @classmethod
    def from_environment(cls, *, parts_at_once: int | None = None) -> Self:
        """Model and table as the function's environment names them; the interval is `MIN_INTERVAL_MILLISECONDS`."""
        model, repository = BedrockModel.from_environment(), StreamRepository.from_environment()
        return cls(model, repository, int(os.environ[Variable.MIN_INTERVAL_MILLISECONDS]) / 1000, parts_at_once)

    def work(self, event: Mapping[str, Any], delivery: Delivery, ends_at: float) -> None:
        """Runs the stream of an event to its end. `ends_at` is when the function's time is over (`time.monotonic()`).

        A client that is gone, or cannot be told, costs the stream nothing. Raises what kept the stream from being
        begun, and tells the client nothing: this may be a duplicate of an event that is being worked on. Lambda then
        calls the reaper, who knows how to find out.
        """
        run = self._begun(StreamStart.from_json(event["stream"]), event["startBy"], ends_at)
        if run is None:
            return
        try:
            self._pump(run, delivery)
        finally:
            run.join()

    def _begun(self, start: StreamStart, start_by: float, ends_at: float) -> StreamRun | None:
        """The run of the stream, which may have ended before it began; None when there is nothing to run."""
        claim = self.repository.claim(start)
        if claim == "taken":
            logger.warning("the stream was claimed before", extra={"streamId": start.stream_id})
            return None
        run = StreamRun(
            start, model=self.model, repository=self.repository, ends_at=ends_at, min_interval=self.min_interval
        )
        if claim != "claimed":
            run.begin_ended(claim)
        elif time.time() > start_by:
            run.begin_ended(DeadlineExceeded("The answer could not be begun in time. Please try again."))
        else:
            run.begin()
        return run

    def _pump(self, run: StreamRun, delivery: Delivery) -> None:
        try:
            while (batch := run.take(KEEP_ALIVE_SECONDS, self.parts_at_once)) is not None:
                if batch:
                    delivery.deliver(batch)
                else:
                    delivery.beat()
            return
        except ReceiverGone:
            logger.info("the receiver is gone")
        except Exception as error:
            logger.exception("the delivery failed")
            tell_failure(delivery, error)
        run.drain()
