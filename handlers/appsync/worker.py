"""The worker of the AppSync architecture: generates, and publishes batches of numbered parts to the owner."""

import time
from collections.abc import Iterator, Sequence
from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from handlers.appsync.publish import publish
from shared.errors import StreamwaysError
from shared.init_phase import at_init
from shared.protocol.parts import Numbered, failure
from shared.stream.outbox import serialised_bytes
from shared.stream.worker import Worker
from shared.telemetry.log import logger

MIN_INTERVAL_SECONDS = 0.05
"""At most about 20 publishes with text a second: AppSync bills each, and each delivery."""
MAX_BATCH_BYTES = 112 * 1024
"""A subscriber is sent at most 240 KB, and a part that travels as AWSJSON is escaped: it may double."""


class PublishDelivery:
    """Parts as publishes, as many in one as fit. `until`: see `publish`."""

    def __init__(self, owner: str, stream_id: str, until: float) -> None:
        self._owner = owner
        self._stream_id = stream_id
        self._until = until
        self._next = 0

    def deliver(self, batch: Sequence[Numbered]) -> None:
        """Publishes in order. Whether anybody listens, AppSync does not tell."""
        for message in _messages(batch):
            publish(self._owner, self._stream_id, message, self._until)
            self._next = message[-1].sequence + 1

    def fail(self, error: StreamwaysError) -> None:
        """The parts that end a failed stream, numbered on from what was published."""
        last = failure(error, {"streamId": self._stream_id})
        self.deliver([Numbered(self._next + index, part) for index, part in enumerate(last)])


def _messages(batch: Sequence[Numbered]) -> Iterator[list[Numbered]]:
    message: list[Numbered] = []
    size = 0
    for numbered in batch:
        length = serialised_bytes(numbered.part)
        if message and size + length > MAX_BATCH_BYTES:
            yield message
            message, size = [], 0
        message.append(numbered)
        size += length
    yield message


@at_init
def worker() -> Worker:
    """The environment's one, with its clients."""
    return Worker.from_environment(MIN_INTERVAL_SECONDS)


@logger.inject_lambda_context(correlation_id_path="stream.correlationId")
def handler(event: dict[str, Any], context: LambdaContext) -> None:
    """`{"stream", "startBy"}`, invoked asynchronously by `Mutation.startStream`."""
    ends_at = time.monotonic() + context.get_remaining_time_in_millis() / 1000
    delivery = PublishDelivery(event["stream"]["owner"], event["stream"]["streamId"], ends_at)
    worker().work(event, delivery, ends_at)
