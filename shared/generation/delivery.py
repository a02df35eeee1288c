"""How the parts of one stream come to a client that they are pushed to, and how a push is tried again.

The body of an HTTP response takes the parts from their source itself; any other transport has a `Delivery`.
"""

import time
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from typing import Protocol

from shared.backoff import Backoff
from shared.errors import Internal, StreamwaysError
from shared.protocol.parts import SequencedPart
from shared.streams.source import PartSource
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

    def keep_alive(self) -> None:
        """Keeps the connection open while there is nothing to deliver. Raises ReceiverGone."""
        ...

    def fail(self, error: StreamwaysError) -> None:
        """Tells the client that no more parts come, and why. May raise: then it cannot be told."""
        ...


def deliver(source: PartSource, delivery: Delivery) -> None:
    """Brings all parts of a source to a client, until no more come. Raises ReceiverGone, and what the two raise."""
    while (batch := source.take()) is not None:
        if batch:
            delivery.deliver(batch)
        else:
            delivery.keep_alive()


@contextmanager
def failures_told(delivery: Delivery) -> Generator[None]:
    """Tells the client what ends its delivery within the block, if it can be told; a fault of ours as Internal."""
    try:
        yield
    except ReceiverGone:
        logger.info("the receiver is gone")
    except Exception as error:
        logger.exception("the delivery failed")
        try:
            delivery.fail(error if isinstance(error, StreamwaysError) else Internal())
        except Exception:
            logger.exception("the client could not be told")


def with_retries(send: Callable[[], None], until: float) -> None:
    """Calls `send` until it does not raise TryAgain; raises the last TryAgain after `until`.

    `until` is a `time.monotonic()`. Parts are numbered: those that are sent twice after a lost answer do no harm.
    """
    backoff = Backoff(FIRST_PAUSE_SECONDS, LONGEST_PAUSE_SECONDS)
    while True:
        try:
            return send()
        except TryAgain:
            pause = backoff.next()
            if time.monotonic() + pause >= until:
                raise
        time.sleep(pause)
