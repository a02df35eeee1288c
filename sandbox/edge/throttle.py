"""Throttling as API Gateway does it: a token bucket for each route of a stage.

https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-execution-service-websocket-limits-table.html
"""

import time
from collections.abc import Callable

from sandbox.world import RouteSettings

ACCOUNT_RATE = 10_000
"""Requests a second of an account and region, shared by its APIs; here each route has them for itself."""
ACCOUNT_BURST = 5_000


class TokenBucket:
    """`rate` requests a second, up to `burst` at once."""

    def __init__(self, rate: float, burst: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._rate = rate
        self._burst = burst
        self._clock = clock
        self._tokens = burst
        self._at = clock()

    def take(self) -> bool:
        """Whether one more request may pass now."""
        now = self._clock()
        self._tokens = min(self._burst, self._tokens + (now - self._at) * self._rate)
        self._at = now
        if self._tokens < 1:
            return False
        self._tokens -= 1
        return True


class RouteThrottle:
    """The buckets of all routes, made when a route is first used and again when its stage's settings change."""

    def __init__(self) -> None:
        self._buckets: dict[tuple[str, str, str], tuple[RouteSettings, TokenBucket]] = {}

    def take(self, api_id: str, stage: str, route_key: str, settings: RouteSettings) -> bool:
        """Whether one more request of this route may pass now."""
        key = (api_id, stage, route_key)
        known, bucket = self._buckets.get(key, (None, None))
        if bucket is None or known != settings:
            rate, burst = settings.throttling_rate_limit, settings.throttling_burst_limit
            bucket = TokenBucket(ACCOUNT_RATE if rate is None else rate, ACCOUNT_BURST if burst is None else burst)
            self._buckets[key] = (settings, bucket)
        return bucket.take()
