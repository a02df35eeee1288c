"""A reader of a stream: what was said and what is being said, from the journal to one connection."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

from handlers.websocket.delivery import FrameDelivery
from shared.errors import Busy, DeadlineExceeded, Internal
from shared.generation.delivery import deliver, failures_told
from shared.protocol.cursor import Cursor
from shared.protocol.parts import Part
from shared.streams.preamble import preamble
from shared.streams.readers import Reader, Readers
from shared.streams.repository import StreamRepository
from shared.streams.tail import Tail
from shared.telemetry.log import logger

MARGIN_SECONDS = 4.0
"""What is kept of the function's time to tell the client."""
LOST = "The rest of the answer can no longer be read. Read the chat instead."


@dataclass(frozen=True)
class Follower:
    """What a worker's environment keeps to serve readers."""

    tail: Tail
    repository: StreamRepository
    readers: Readers

    @classmethod
    def from_environment(cls) -> Self:
        """The table named by `STREAMS_TABLE`."""
        return cls(Tail.from_environment(), StreamRepository.from_environment(), Readers.from_environment())

    def is_dropped(self, reader: Reader) -> bool:
        """Whether the client has let go of it, as far as the table can tell."""
        try:
            return self.readers.is_dropped(reader)
        except Busy:  # it may pass: it is asked about again
            logger.warning("reading the request failed", exc_info=True)
            return False

    def follow(self, reader: Reader, tail: Mapping[str, Any], delivery: FrameDelivery, ends_at: float) -> None:
        """Reads `{"owner", "streamId", "resumed", "cursor"}` for a client.

        `ends_at` is when the function's time is over (`time.monotonic()`). The client is told whatever ends it early.
        """
        with failures_told(delivery):
            self._read(reader, tail, delivery, ends_at - MARGIN_SECONDS)
        try:
            self.readers.forget(reader)
        except Busy:  # it expires; and the client has been told all
            logger.warning("a reader could not be forgotten", exc_info=True)

    def _read(self, reader: Reader, tail: Mapping[str, Any], delivery: FrameDelivery, until: float) -> None:
        owner, stream_id = tail["owner"], tail["streamId"]
        after = None if tail["cursor"] is None else Cursor.parse(tail["cursor"], "the cursor")
        dropped = False

        def stopped() -> bool:
            nonlocal dropped
            dropped = self.is_dropped(reader)
            return dropped

        if stopped():
            return
        delivery.begin()
        if tail["resumed"] and after is None:
            delivery.precede(self._held(owner, stream_id))
        reading = self.tail.follow(owner, stream_id, after=after, until=until, stopped=stopped)
        deliver(reading, delivery)
        if delivery.ended or dropped:
            return
        if reading.complete:
            delivery.end()  # the client had the terminal part already
        elif time.monotonic() >= until:
            delivery.fail(DeadlineExceeded("The answer goes on, but this request has no time left. Resume the stream."))
        else:
            delivery.fail(Internal(LOST))

    def _held(self, owner: str, stream_id: str) -> Sequence[Part]:
        """What comes before a stream that continues an answer, for a client that builds the message anew."""
        record = self.repository.record(owner, stream_id)
        return preamble(self.repository.table, record) if record else []
