"""A reader of a stream: what was said and what is being said, from the journal to one connection.

It decides, too, what an `abort` of a `resume` meant: it is the one that runs for as long as there is something to stop.
"""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

from botocore.exceptions import BotoCoreError, ClientError

from handlers.websocket.delivery import FrameDelivery
from handlers.websocket.requests import RESUMED_AGAIN_SECONDS, Request, is_resumed
from shared.errors import DeadlineExceeded, Internal
from shared.protocol.cursor import Cursor
from shared.protocol.parts import Part
from shared.stream.delivery import ReceiverGone, tell_failure
from shared.stream.preamble import preamble
from shared.stream.registry import StreamRegistry
from shared.stream.tail import Tail
from shared.stream.worker import BEAT_SECONDS
from shared.table_client import attempts
from shared.telemetry.log import logger

MARGIN_SECONDS = 4.0
"""What is kept of the function's time to tell the client, and to find out what its `abort` meant."""
LOST = "The rest of the answer cannot be read any more. Read the chat instead."


@dataclass(frozen=True)
class Follower:
    """What a worker's environment keeps to serve readers."""

    tail: Tail
    registry: StreamRegistry

    @classmethod
    def from_environment(cls) -> Self:
        """The table named by `STREAMS_TABLE`."""
        return cls(Tail.from_environment(), StreamRegistry.from_environment())

    def follow(self, event: Mapping[str, Any], delivery: FrameDelivery, ends_at: float) -> None:
        """Reads for `{"connectionId", "requestId", "tail": {"owner", "streamId", "chatId", "resumed", "cursor"}}`.

        `ends_at` is when the function's time is over (`time.monotonic()`). The client is told whatever ends it early.
        """
        tail = event["tail"]
        request = Request(tail["owner"], event["connectionId"], event["requestId"])
        try:
            self._read(tail, request, delivery, ends_at - MARGIN_SECONDS)
        except ReceiverGone:
            logger.info("the receiver is gone")
        except Exception:
            logger.exception("reading for a client failed")
            tell_failure(delivery)
        if not delivery.ended:
            self._stop_if_meant(tail, request, ends_at)
        request.forget()

    def _read(self, tail: Mapping[str, Any], request: Request, delivery: FrameDelivery, until: float) -> None:
        owner, stream_id = tail["owner"], tail["streamId"]
        after = None if tail["cursor"] is None else Cursor.parse(tail["cursor"], "the cursor")
        detached = False

        def stopped() -> bool:
            nonlocal detached
            try:
                detached = request.detached_at() is not None
            except (ClientError, BotoCoreError):  # it may pass: it is asked about again
                logger.warning("reading the request failed", exc_info=True)
            return detached

        if stopped():
            return
        delivery.begin()
        if tail["resumed"] and after is None:
            delivery.precede(self._held(owner, stream_id))
        reading = self.tail.follow(owner, stream_id, after=after, until=until, beat=BEAT_SECONDS, stopped=stopped)
        for batch in reading:
            if batch:
                delivery.deliver(batch)
            else:
                delivery.beat()
        if delivery.ended or detached:
            return
        if reading.complete:
            delivery.end()  # the client had the terminal part already
        elif time.monotonic() >= until:
            delivery.fail(DeadlineExceeded("The answer goes on, but it is not read here any more. Resume it."))
        else:
            delivery.fail(Internal(LOST))

    def _held(self, owner: str, stream_id: str) -> Sequence[Part]:
        """What comes before a stream that continues an answer, for a client that builds the message anew."""
        record = self.registry.record(owner, stream_id)
        return preamble(self.registry.table, record) if record else []

    def _stop_if_meant(self, tail: Mapping[str, Any], request: Request, ends_at: float) -> None:
        """Cancels the stream of a reader that was let go, unless its user has resumed the chat again.

        Nobody else knows of that stop: it is tried again while the table fails, and a stop that is lost is logged.
        """
        for wait in attempts():
            try:
                self._stop(tail, request)
            except (ClientError, BotoCoreError):
                logger.warning("finding out about a stop failed", exc_info=True)
            else:
                return
            if time.monotonic() >= ends_at:
                break
            wait()
        logger.error("a stop may be lost", extra={"streamId": tail["streamId"]})

    def _stop(self, tail: Mapping[str, Any], request: Request) -> None:
        detached_at = request.detached_at()
        if detached_at is None:
            return
        time.sleep(max(0.0, detached_at + RESUMED_AGAIN_SECONDS - time.time()))
        if not is_resumed(request.owner, tail["chatId"], detached_at):
            self.registry.cancel(request.owner, tail["streamId"])
