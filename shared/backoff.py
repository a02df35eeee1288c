"""How long to wait before something is tried again: twice as long each time, with full jitter.

https://aws.amazon.com/builders-library/timeouts-retries-and-backoff-with-jitter/
"""

import random


class Backoff:
    """The waits of one caller, in seconds: each is random, between nothing and a bound that doubles up to `longest`."""

    def __init__(self, first: float, longest: float) -> None:
        self._bound = first
        self._longest = longest

    def next(self) -> float:
        """How long to wait now."""
        wait = random.uniform(0, self._bound)
        self._bound = min(self._longest, 2 * self._bound)
        return wait
