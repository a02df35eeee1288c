"""Settles one stream, once: its journal is closed, then its record ended and its lease freed, then its metrics told.

A function has little time left then, and the table may hang. Each step waits for its share of that time and no longer;
the client is told the end all the same.
"""

import threading
import time

from shared.generation.journal_writer import JournalWriter
from shared.streams.answer import Answer
from shared.streams.metrics import record_stream
from shared.streams.repository import StreamRepository
from shared.streams.start import StreamStart
from shared.streams.usage_record import UsageRecord
from shared.telemetry.log import logger

DELIVERY_SECONDS = 1.0
"""What is kept of a function's time to deliver the end."""
SETTLE_SECONDS = 6.0
"""How long the end of a stream may wait for the table, if the function has the time."""
LEAST_STEP_SECONDS = 0.5


class Settlement:
    """The settlement of one stream. `ends_at` is when the function's time is over, as `time.monotonic()`."""

    def __init__(self, repository: StreamRepository, start: StreamStart, ends_at: float) -> None:
        self._repository = repository
        self._start = start
        self._ends_at = ends_at

    def close(self, journal: JournalWriter) -> None:
        """Has the journal written to its end. A journal that cannot be closed in time says so in the log: the stream
        ends without it. Its readers miss the terminal part there, and so are not told that they have all."""
        journal.close(time.monotonic() + self._step_seconds())

    def end(self, usage: UsageRecord, answer: Answer, *, holds_lease: bool) -> None:
        """Ends the stream in the table. A stream that cannot be ended in time is left to the reaper."""
        ending = threading.Thread(target=self._end, args=[usage, answer, holds_lease], name="settlement", daemon=True)
        ending.start()
        ending.join(self._step_seconds())
        if ending.is_alive():
            logger.error("ending the stream takes too long", extra={**self._start.log_ids, **usage.to_json()})

    def _end(self, usage: UsageRecord, answer: Answer, holds_lease: bool) -> None:
        """Only the caller that has ended the stream counts it; as long as it is open, that may be the reaper."""
        ids = self._start.log_ids
        try:
            ended = self._repository.end(self._start, usage, answer.parts(), holds_lease=holds_lease)
        except Exception:
            logger.exception("ending the stream failed", extra={**ids, **usage.to_json()})
            return
        if not ended:
            logger.error("the stream was ended by another", extra=ids)
            return
        try:
            record_stream(usage, ids)
        except Exception:
            logger.exception("recording the stream failed", extra=ids)

    def _step_seconds(self) -> float:
        """How long a step may take; there are two of them."""
        time_left = self._ends_at - DELIVERY_SECONDS - time.monotonic()
        return max(LEAST_STEP_SECONDS, min(SETTLE_SECONDS, time_left) / 2)
