"""The heartbeat of a running stream: looks at its lease each second, and renews it every few.

A look is a read, and costs a fifth of a write. It hears that the stream shall end. A renewal moves the lease's expiry
and tells what was used so far; the first beat is one. A look may find that a renewal is due at once: the reaper asks
for one (see `Leases.probe`), or the lease expires soon. The renewal comes first then, and hears the rest.

On a thread of its own, so that a table that hangs delays nothing but the heartbeat itself.
"""

import threading
import time
from collections.abc import Callable
from typing import Literal, Protocol

from shared.models.events import Usage
from shared.streams.leases import LeaseNews, Leases
from shared.streams.start import StreamStart
from shared.telemetry.log import logger

INTERVAL_SECONDS = 1.0
"""How soon a cancel is heard: a running stream makes one request a second."""
RENEW_SECONDS = 5.0
"""How often the lease, which is good for LEASE_SECONDS, is renewed. A renewal that fails is tried again by the next
beat."""


class Metered(Protocol):
    """What knows the model of a stream, and what it has used so far."""

    model: str

    def usage(self) -> Usage:
        """The totals so far."""
        ...


class Heartbeat:
    """Beats for one stream until it is stopped, or has heard that the stream is superseded.

    `on_end` is called once for each state, on the heartbeat's thread. A stream that is cancelled has a heartbeat until
    it is settled: the reaper takes a silent stream for dead.
    """

    def __init__(
        self,
        leases: Leases,
        start: StreamStart,
        meter: Metered,
        *,
        on_end: Callable[[Literal["cancelled", "superseded"]], None],
    ) -> None:
        self._leases = leases
        self._start = start
        self._meter = meter
        self._on_end = on_end
        self._renew_at = 0.0
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._beat, name="heartbeat", daemon=True)

    def begin(self) -> None:
        """The first beat is an interval away. It renews the lease, and so tells the model and the input tokens: they
        are billed also when the worker dies early."""
        self._thread.start()

    def stop(self) -> None:
        """No look begins any more. Does not wait for one that is under way."""
        self._stopped.set()

    def _beat(self) -> None:
        due, told = time.monotonic() + INTERVAL_SECONDS, False
        while not self._stopped.wait(due - time.monotonic()):
            due = time.monotonic() + INTERVAL_SECONDS
            try:
                news = self._news()
            except Exception:
                logger.exception("a heartbeat failed", extra={"streamId": self._start.stream_id})
                continue
            if news.state == "superseded":
                self._on_end(news.state)
                return  # the lease item is another stream's
            if news.state == "cancelled" and not told:
                told = True
                self._on_end(news.state)
            if news.look_again_at is not None:
                due = min(due, time.monotonic() + news.look_again_at - time.time())

    def _news(self) -> LeaseNews:
        if time.monotonic() < self._renew_at:
            news = self._leases.look(self._start)
            if not news.renewal_due:
                return news
        news = self._leases.renew(self._start, self._meter.usage(), self._meter.model)
        self._renew_at = time.monotonic() + RENEW_SECONDS
        return news
