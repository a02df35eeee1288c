"""The rate of requests, by the generic cell rate algorithm (GCRA): one number says all that was used.

https://en.wikipedia.org/wiki/Generic_cell_rate_algorithm

The number is the moment at which the user will have everything again, in epoch milliseconds (the theoretical arrival
time). Each request moves it on by an interval. A moment that has passed is now: an idle user saves nothing up beyond a
whole hour's requests.
"""

from dataclasses import dataclass
from typing import Final

HOUR_MILLISECONDS: Final = 3_600_000
IMPOSSIBLE_MILLISECONDS: Final = 2 * HOUR_MILLISECONDS
"""No request moves the moment so far ahead: a clock that was wrong has written it, and nobody is refused for that."""


@dataclass(frozen=True)
class Rate:
    """So many requests an hour: all of them at once after an idle hour, then one in each interval."""

    per_hour: int

    @property
    def interval(self) -> int:
        """Milliseconds; rounded up, so that there are never more in an hour."""
        return -(-HOUR_MILLISECONDS // self.per_hour)

    @property
    def latest(self) -> int:
        """How far ahead of now, in milliseconds, the moment may be before one more request."""
        return self.interval * (self.per_hour - 1)

    def wait(self, full_at: int, now: int) -> int:
        """Milliseconds until one more request is allowed; 0 when it is."""
        return max(0, self._ahead(full_at, now) - self.latest)

    def remaining(self, full_at: int, now: int) -> int:
        """How many requests are allowed at once now."""
        return max(0, self.per_hour - -(-self._ahead(full_at, now) // self.interval))

    def next_in(self, full_at: int, now: int) -> int:
        """Milliseconds until one more request is allowed than are now; 0 when all are."""
        ahead = self._ahead(full_at, now)
        return self.wait(full_at, now) or ((ahead - 1) % self.interval + 1 if ahead else 0)

    def _ahead(self, full_at: int, now: int) -> int:
        ahead = max(0, full_at - now)
        return 0 if ahead > IMPOSSIBLE_MILLISECONDS else ahead
