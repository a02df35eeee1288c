"""How a transport takes the parts of one stream, and how it tries again."""

import random
import time
from collections.abc import Callable, Sequence
from typing import Protocol

from shared.errors import Internal, StreamwaysError
from shared.protocol.parts import SequencedPart
from shared.telemetry.log import logger

FIRST_PAUSE_SECONDS = 0.05
LONGEST_PAUSE_SECONDS = 2.0


class ReceiverGone(Exception):
    """Nobody receives the stream any more. It goes on: a hang-up is not a cancel."""


class TryAgain(Exception):
    """A delivery failed in a way that may pass: refused for load, or an error of the service or the network."""


class Delivery(Protocol):
    """One client of one stream. Each call may wait for the client: the stream does not wait for the call."""

    def deliver(self, batch: Sequence[SequencedPart]) -> None:
        """Brings parts to the client, in order. Raises ReceiverGone; what may pass is tried again inside."""
        ...

    def beat(self) -> None:
        """Keeps the line open while there is nothing to deliver. Raises ReceiverGone."""
        ...

    def fail(self, error: StreamwaysError) -> None:
        """Tells the client that no more parts come, and why. May raise: then it cannot be told."""
        ...


def tell_failure(delivery: Delivery, error: Exception) -> None:
    """Tells the client what ended its delivery, if it can be told: what is no error of ours is a fault of ours."""
    try:
        delivery.fail(error if isinstance(error, StreamwaysError) else Internal())
    except Exception:
        logger.exception("the client could not be told")


def with_retries(send: Callable[[], None], until: float) -> None:
    """Calls `send` until it does not raise TryAgain, with full jitter; raises the last TryAgain after `until`.

    `until` is a `time.monotonic()`. What was sent twice after a lost answer does no harm: parts are numbered.
    """
    longest = FIRST_PAUSE_SECONDS
    while True:
        try:
            return send()
        except TryAgain:
            pause = random.uniform(0, longest)
            if time.monotonic() + pause >= until:
                raise
        time.sleep(pause)
        longest = min(LONGEST_PAUSE_SECONDS, 2 * longest)
