"""How a transport takes the parts of one stream, and how it tries again."""

import random
import time
from collections.abc import Callable, Sequence
from typing import Protocol

from shared.protocol.parts import Numbered

ATTEMPTS = 8
FIRST_PAUSE_SECONDS = 0.05
LONGEST_PAUSE_SECONDS = 2.0


class ReceiverGone(Exception):
    """Nobody receives the stream any more. It goes on: a hang-up is not a cancel."""


class TryAgain(Exception):
    """A delivery failed in a way that may pass: refused for load, or an error of the service or the network."""


class Delivery(Protocol):
    """One client of one stream."""

    def deliver(self, batch: Sequence[Numbered]) -> None:
        """Brings parts to the client, in order. Raises ReceiverGone; what may pass is tried again inside."""
        ...


def with_retries(send: Callable[[], None]) -> None:
    """Calls `send` until it does not raise TryAgain, with full jitter; raises the last TryAgain.

    What was sent twice after a lost answer does no harm: parts are numbered.
    """
    for attempt in range(1, ATTEMPTS):
        try:
            return send()
        except TryAgain:
            longest = min(LONGEST_PAUSE_SECONDS, FIRST_PAUSE_SECONDS * 2 ** (attempt - 1))
            time.sleep(random.uniform(0, longest))
    return send()
