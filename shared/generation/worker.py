"""The work of a worker function: one event, one stream, whatever the transport.

An asynchronous event can arrive twice, and late. The claim makes the second do nothing; `startBy` ends a late one.
"""

import os
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

from shared.contract.environment import Variable
from shared.errors import DeadlineExceeded
from shared.generation.delivery import Delivery, deliver, failures_told
from shared.generation.run import StreamRun
from shared.models.configured import model_from_environment
from shared.models.events import Model
from shared.streams.repository import StreamRepository
from shared.streams.start import StreamStart
from shared.telemetry.log import logger


@dataclass(frozen=True)
class Worker:
    """The clients that a worker's environment keeps between events. `min_interval`, `parts_at_once`: see StreamRun."""

    model: Model
    repository: StreamRepository
    min_interval: float
    parts_at_once: int | None = None

    @classmethod
    def from_environment(cls, *, parts_at_once: int | None = None) -> Self:
        """Model and table as the function's environment names them; the interval is `MIN_INTERVAL_MILLISECONDS`."""
        min_interval = int(os.environ[Variable.MIN_INTERVAL_MILLISECONDS]) / 1000
        return cls(model_from_environment(), StreamRepository.from_environment(), min_interval, parts_at_once)

    def work(self, event: Mapping[str, Any], delivery: Delivery, ends_at: float) -> None:
        """Runs the stream of an event to its end. `ends_at` is when the function's time is over (`time.monotonic()`).

        The stream goes on if its client is gone, or cannot be told. An error that kept the stream from being begun is
        raised, and the client is told nothing: a worker may be at work on another delivery of the same event. Lambda
        then calls the reaper, who knows how to find out.
        """
        run = self._begun(StreamStart.from_json(event["stream"]), event["startBy"], ends_at)
        if run is None:
            return
        try:
            with failures_told(delivery):
                deliver(run, delivery)
        finally:
            run.detach()
            run.join()

    def _begun(self, start: StreamStart, start_by: float, ends_at: float) -> StreamRun | None:
        """The run of the stream, which may have ended before it began; None when there is nothing to run."""
        claim = self.repository.claim(start)
        if claim == "taken":
            logger.warning("the stream was claimed before", extra={"streamId": start.stream_id})
            return None
        run = StreamRun(
            start,
            model=self.model,
            repository=self.repository,
            ends_at=ends_at,
            min_interval=self.min_interval,
            parts_at_once=self.parts_at_once,
        )
        if claim != "claimed":
            run.begin_ended(claim)
        elif time.time() > start_by:
            run.begin_ended(DeadlineExceeded("The answer could not start in time. Please try again."))
        else:
            run.begin()
        return run
