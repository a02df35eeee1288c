"""The worker of the WebSocket architecture: generates, and posts each part as a frame to the client's connection."""

import time
from collections.abc import Sequence
from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from handlers.websocket import frames
from handlers.websocket.connection import Connection
from shared.errors import StreamwaysError
from shared.init_phase import at_init
from shared.protocol.parts import Numbered, is_terminal
from shared.stream.worker import Worker
from shared.telemetry.log import logger

MIN_INTERVAL_SECONDS = 0.05
"""At most about 20 messages with text a second: API Gateway bills each."""


class FrameDelivery:
    """Parts as `chunk` frames, between a `start` and an `end`."""

    def __init__(self, connection: Connection, request_id: str) -> None:
        self._connection = connection
        self._request_id = request_id

    def deliver(self, batch: Sequence[Numbered]) -> None:
        """One frame a part: the stock client reads no more than one from a frame."""
        for numbered in batch:
            if numbered.sequence == 0:
                self._connection.send(frames.start(self._request_id))
            self._connection.send(frames.chunk(self._request_id, numbered))
            if is_terminal(numbered.part):
                self._connection.send(frames.end(self._request_id))

    def fail(self, error: StreamwaysError) -> None:
        """An `error` frame ends the stream for the client, wherever it was."""
        self._connection.send(frames.error(self._request_id, error))


@at_init
def worker() -> Worker:
    """The environment's one, with its clients."""
    return Worker.from_environment(MIN_INTERVAL_SECONDS)


@logger.inject_lambda_context(correlation_id_path="stream.correlationId")
def handler(event: dict[str, Any], context: LambdaContext) -> None:
    """`{"connectionId", "stream", "startBy"}`, invoked asynchronously by the routes."""
    ends_at = time.monotonic() + context.get_remaining_time_in_millis() / 1000
    delivery = FrameDelivery(Connection(event["connectionId"], ends_at), event["stream"]["streamId"])
    worker().work(event, delivery, ends_at)
