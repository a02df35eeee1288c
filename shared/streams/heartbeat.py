"""The once-a-second write of a running stream: renews its lease, tells its tokens, hears that it shall end.

On a thread of its own, so that a table that hangs delays nothing but the heartbeat itself.
"""

import threading
import time
from collections.abc import Callable
from typing import Literal

from shared.models.events import Usage
from shared.streams.repository import StreamRepository
from shared.streams.start import StreamStart
from shared.telemetry.log import logger

INTERVAL_SECONDS = 1.0
"""How soon a cancel is seen, and what a lease is renewed by: one request a second and running stream."""


class Heartbeat:
    """Beats for one stream until it is stopped, or has heard that the stream is superseded.

    `usage` is asked at each beat; `on_end` is called once for each state, on the heartbeat's thread. A stream that is
    cancelled has a heartbeat while it is settled: who watches one takes a silent stream for dead.
    """

    def __init__(
        self,
        repository: StreamRepository,
        start: StreamStart,
        *,
        model: str,
        usage: Callable[[], Usage],
        on_end: Callable[[Literal["cancelled", "superseded"]], None],
    ) -> None:
        self._repository = repository
        self._start = start
        self._model = model
        self._usage = usage
        self._on_end = on_end
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._beat, name="heartbeat", daemon=True)

    def begin(self) -> None:
        """The first beat is an interval away: a claim has just done what it would do."""
        self._thread.start()

    def stop(self) -> None:
        """No beat begins any more. Does not wait for one that is under way."""
        self._stopped.set()

    def _beat(self) -> None:
        due, told = time.monotonic() + INTERVAL_SECONDS, False
        while not self._stopped.wait(due - time.monotonic()):
            due = time.monotonic() + INTERVAL_SECONDS
            try:
                heard = self._repository.heartbeat(self._start, self._usage(), self._model)
            except Exception:
                logger.exception("a heartbeat failed", extra={"streamId": self._start.stream_id})
                continue
            if heard.state == "superseded":
                self._on_end(heard.state)
                return  # the lease is another's
            if heard.state == "cancelled" and not told:
                told = True
                self._on_end(heard.state)
            if heard.ask_at is not None:
                due = min(due, time.monotonic() + heard.ask_at - time.time())
