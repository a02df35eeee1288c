"""The worker of the AppSync architecture: generates, and publishes batches of numbered parts to the owner."""

import time
from collections.abc import Sequence
from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from handlers.appsync.publish import PublishRefused, publish
from shared.errors import StreamwaysError
from shared.generation.delivery import ReceiverGone, TryAgain
from shared.generation.worker import Worker
from shared.init_phase import at_init
from shared.protocol.parts import SequencedPart, failure
from shared.streams.start import StreamStart
from shared.telemetry.log import logger
from shared.telemetry.reports import reports


class PublishDelivery:
    """Parts as publishes. `until`: see `publish`."""

    def __init__(self, stream: StreamStart, until: float) -> None:
        self._stream = stream
        self._until = until
        self._next = 0

    def deliver(self, batch: Sequence[SequencedPart]) -> None:
        """Publishes in order. Raises ReceiverGone when AppSync takes no more: the client reads on in the journal."""
        self._publish(batch, journaled=True)
        self._next = batch[-1].sequence + 1

    def keep_alive(self) -> None:
        """Nothing: AppSync keeps its connections alive itself."""

    def fail(self, error: StreamwaysError) -> None:
        """The parts that end a failed stream, numbered on from what was published. They end the delivery alone: the
        stream goes on, and a client that resumes reads what these parts stand in the place of."""
        last = failure(error, {"streamId": self._stream.stream_id})
        numbered = [SequencedPart(self._next + index, part) for index, part in enumerate(last)]
        self._publish(numbered, journaled=False)

    def _publish(self, batch: Sequence[SequencedPart], *, journaled: bool) -> None:
        try:
            publish(self._stream, batch, self._until, journaled=journaled)
        except (PublishRefused, TryAgain) as error:
            logger.error("publishing was given up", extra={"streamId": self._stream.stream_id, "reason": str(error)})
            raise ReceiverGone from error


worker = at_init(Worker.from_environment)


@reports.before_the_end
@logger.inject_lambda_context(correlation_id_path="stream.correlationId")
def handler(event: dict[str, Any], context: LambdaContext) -> None:
    """`{"stream", "startBy"}`, invoked asynchronously by `Mutation.startStream`."""
    ends_at = time.monotonic() + context.get_remaining_time_in_millis() / 1000
    delivery = PublishDelivery(StreamStart.from_json(event["stream"]), ends_at)
    worker().work(event, delivery, ends_at)
