"""The journal of a stream: its numbered parts in DynamoDB, the truth about what was said.

One item per flush, under the key of its first sequence, written once (`attribute_not_exists`) by one ordered writer.
Whoever declares a stream dead puts the terminal part at the next key; whoever loses a put has lost the stream.

DynamoDB deletes what has expired some time later, and an id may be used again by then: an expired item of its old
stream is written over, and is not read.
"""

import json
import secrets
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Self

from shared.contract.parts import OF_A_LATE_END
from shared.protocol.cursor import Cursor
from shared.protocol.parts import WORKER_EPOCH, SequencedPart, encode
from shared.streams.records import KEPT_SECONDS
from shared.table.client import ConditionFailed, Item, TableClient
from shared.table.keys import PARTS_PREFIX, parts_key
from shared.table.writes import put, where
from shared.telemetry.log import logger

FLUSH_SECONDS = 0.6
"""The least time between two writes: with the heartbeat, a running stream stays under three requests a second."""
RETRY_SECONDS = 0.25
"""The pause after a write that failed, at the end of the stream."""
FLUSH_BYTES = 200 * 1024
"""So much is written at once, whenever the last write was."""
MAX_ITEM_BYTES = 300 * 1024
"""An item has at most 400 KB, with names and keys.
https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Constraints.html#limits-items"""
LAST_SEQUENCE = 99_999_999
"""The largest that a key has room for."""
MAX_UNWRITTEN_BYTES = 1024 * 1024
"""What a table that fails for long may cost of a function's memory."""


@dataclass(frozen=True)
class _Unwritten:
    sequence: int
    epoch: int
    text: str
    size: int


class Journal:
    """Writes the parts of one stream, on a thread of its own. `on_lost` is called, there, when another has ended it.

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
        texts = [encode(numbered.part) for numbered in batch]
        with self._changed:
            if self._stopped:
                return
            for numbered, text in zip(batch, texts, strict=True):
                size = len(text.encode())
                self._unwritten.append(_Unwritten(numbered.sequence, numbered.epoch, text, size))
                self._unwritten_bytes += size
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
        now = time.time()
        values = {
            **parts_key(self._owner, self._stream_id, item[0].sequence),
            "epoch": item[0].epoch,
            "parts": [each.text for each in item],
            "writer": self._writer,
            "expiresAt": int(now) + KEPT_SECONDS,
        }
        free = "attribute_not_exists(#pk) OR #writer = :writer OR #expiresAt < :now"
        new = where(free, writer=self._writer, now=now)
        self._table.write(put(values, new))

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


class JournalReader:
    """Reads what was written, consistently."""

    def __init__(self, table: TableClient) -> None:
        self._table = table

    @classmethod
    def from_environment(cls) -> Self:
        """The table named by `STREAMS_TABLE`."""
        return cls(TableClient.from_environment())

    def read(self, owner: str, stream_id: str, after: Cursor | None = None) -> list[SequencedPart]:
        """What a reader at this place lacks, as far as one page (1 MB) goes: see `news`. Empty when there is nothing
        yet."""
        return news(self.page(owner, stream_id, self.beginning(owner, stream_id, after)), after)

    def beginning(self, owner: str, stream_id: str, after: Cursor | None) -> int:
        """Where a reader at this place begins: the first sequence of the item with the part that comes next, or of the
        last item if that part is not written yet."""
        if after is None:
            return 0
        sequence = after.sequence + 1
        pages = self._pages(owner, stream_id, 0, sequence, ScanIndexForward=False, Limit=1, ProjectionExpression="#sk")
        return next((_first(item) for page in pages for item in page), 0)

    def page(self, owner: str, stream_id: str, first: int) -> list[SequencedPart]:
        """The parts of one page of items, without a gap from the item with this first sequence on; one request.

        https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_Query.html
        """
        batch: list[SequencedPart] = []
        for item in next(self._pages(owner, stream_id, first, LAST_SEQUENCE)):
            if _first(item) != first + len(batch):
                break
            epoch = item.get("epoch", WORKER_EPOCH)
            texts = enumerate(item["parts"], _first(item))
            batch += [SequencedPart(number, json.loads(text), epoch) for number, text in texts]
        return batch

    def _pages(self, owner: str, stream_id: str, first: int, last: int, **options: object) -> Iterator[list[Item]]:
        keys = parts_key(owner, stream_id, first), parts_key(owner, stream_id, last)
        values = {":pk": keys[0]["pk"], ":first": keys[0]["sk"], ":last": keys[1]["sk"], ":now": time.time()}
        query = {"KeyConditionExpression": "#pk = :pk AND #sk BETWEEN :first AND :last", **values, **options}
        return self._table.pages(FilterExpression="#expiresAt >= :now", **query)


def news(page: Sequence[SequencedPart], after: Cursor | None) -> list[SequencedPart]:
    """What of a page of the journal a reader at this place lacks: the parts that follow.

    Or a late end. A killed worker may have delivered more than it has journaled, and the reaper ends the stream where
    the journal stops. A reader who has parts of the worker's with numbers that are the reaper's in the journal lacks
    the whole end, whatever its numbers, and gets of it what tells of the end.
    """
    if after is None:
        return list(page)
    ending = [numbered for numbered in page if numbered.epoch > after.epoch]
    if ending and ending[0].sequence <= after.sequence:
        return [numbered for numbered in ending if numbered.part["type"] in OF_A_LATE_END]
    return [numbered for numbered in page if numbered.sequence > after.sequence]


def _first(item: Item) -> int:
    return int(item["sk"].removeprefix(PARTS_PREFIX))
