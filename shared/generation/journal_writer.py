"""Writes the journal of a running stream, on a thread of its own: the model and the client never wait for the table."""

import secrets
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import islice

from shared.protocol.parts import SequencedPart, encode
from shared.streams.journal import MAX_ITEM_BYTES, journal_put
from shared.table.client import ConditionFailed, TableClient
from shared.telemetry.log import logger

FLUSH_SECONDS = 0.6
"""The least time between two writes: how much text a killed worker may lose, beside that of a write under way."""
RETRY_SECONDS = 0.25
"""The least time between a write that failed and the next attempt."""
FLUSH_BYTES = 200 * 1024
"""So much is written at once, whenever the last write was."""
MAX_UNWRITTEN_BYTES = 1024 * 1024
"""What a table that fails for long may cost of a function's memory."""


@dataclass(frozen=True)
class _Unwritten:
    part: SequencedPart
    size: int


class JournalWriter:
    """Writes the parts of one stream, on a thread of its own, which calls `on_lost` when another has ended the stream.

    A journal that cannot be written for long gives up, and says so in the log: it ends at a gap, where its readers
    stop. The stream goes on.
    """

    def __init__(
        self,
        table: TableClient,
        owner: str,
        stream_id: str,
        *,
        on_lost: Callable[[], None],
        flush_seconds: float = FLUSH_SECONDS,
    ) -> None:
        self._table = table
        self._owner = owner
        self._stream_id = stream_id
        self._on_lost = on_lost
        self._flush_seconds = flush_seconds
        # A put whose answer was lost is repeated, by the table client and here: it finds this mark and has succeeded.
        self._writer = secrets.token_hex(8)
        self._changed = threading.Condition()
        self._unwritten: deque[_Unwritten] = deque()
        self._unwritten_bytes = 0
        self._closing = False
        self._stopped = False
        """Lost, given up, or all is written after `close`."""
        self._complete = True
        """Whether nothing of what was appended is missing, apart from what is unwritten."""
        self._flush_at = 0.0
        self._attempted = 0
        """How many parts the item holds whose write failed. It may be there all the same, and be read: it is tried
        again as it was, or the next item would not be where its readers look for it."""
        self._thread: threading.Thread | None = None

    def append(self, batch: Sequence[SequencedPart]) -> None:
        """Takes parts that go on where the last ones ended. Never waits."""
        sizes = [len(encode(numbered.part).encode()) for numbered in batch]
        with self._changed:
            if self._stopped:
                return
            self._unwritten.extend(map(_Unwritten, batch, sizes))
            self._unwritten_bytes += sum(sizes)
            if self._unwritten_bytes > MAX_UNWRITTEN_BYTES:
                self._stop("the journal gives up: too much is unwritten")
            elif self._thread is None:
                self._thread = threading.Thread(target=self._write, name="journal", daemon=True)
                self._thread.start()
            self._changed.notify_all()

    def close(self, until: float) -> bool:
        """Writes what is left, and waits for it until then (`time.monotonic()`). False when not all was written: it
        took too long, was given up, or another has ended the stream."""
        with self._changed:
            self._closing = True
            self._changed.notify_all()
            self._changed.wait_for(lambda: self._stopped or not self._unwritten, until - time.monotonic())
            if self._unwritten and not self._stopped:
                self._stop("the journal gives up: its last write takes too long")
            self._stopped = True
            self._changed.notify_all()
            return self._complete

    def _write(self) -> None:
        while item := self._next_item():
            try:
                self._put(item)
            except ConditionFailed:
                self._lose()
            except Exception:
                self._failed()
            else:
                self._written(item)

    def _next_item(self) -> list[_Unwritten]:
        """Waits until something is due, and gives as much of it as an item holds; nothing when it is over."""
        with self._changed:
            self._changed.wait_for(lambda: self._unwritten or self._stopped)
            self._changed.wait_for(self._due, self._flush_at - time.monotonic())
            if self._stopped:
                return []
            self._flush_at = time.monotonic() + self._flush_seconds
            item: list[_Unwritten] = []
            size = 0
            for each in islice(self._unwritten, self._attempted or None):
                size += each.size
                if item and size > MAX_ITEM_BYTES:
                    break
                item.append(each)
            self._attempted = len(item)
            return item

    def _due(self) -> bool:
        return self._stopped or self._closing or self._unwritten_bytes >= FLUSH_BYTES

    def _put(self, item: list[_Unwritten]) -> None:
        batch = [each.part for each in item]
        self._table.write(journal_put(self._owner, self._stream_id, batch, self._writer))

    def _written(self, item: list[_Unwritten]) -> None:
        with self._changed:
            if not self._stopped:
                for _ in item:
                    self._unwritten_bytes -= self._unwritten.popleft().size
                self._attempted = 0
            self._changed.notify_all()

    def _failed(self) -> None:
        logger.exception("writing the journal failed", extra={"streamId": self._stream_id})
        with self._changed:
            self._changed.wait_for(lambda: self._stopped, RETRY_SECONDS)

    def _lose(self) -> None:
        self._on_lost()  # before anybody who waits for `close` is told that it is over
        with self._changed:
            self._stop("another has ended the stream")

    def _stop(self, why: str) -> None:
        logger.error(why, extra={"streamId": self._stream_id, "unwrittenBytes": self._unwritten_bytes})
        self._unwritten.clear()
        self._unwritten_bytes = 0
        self._complete = False
        self._stopped = True
        self._changed.notify_all()
