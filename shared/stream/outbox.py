"""What stands between the model and a transport: takes parts as they come, merges, numbers, and is bounded.

The model is read on one thread, the transport delivers on another. While a delivery is under way, adjacent deltas of
the same block become one; a part gets its number when it is handed out, after merging. When the outbox is full the
model is read more slowly: `put` waits.
"""

import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from shared.protocol.parts import DELTAS, Numbered, OpenBlocks, Part, encode

MAX_PART_BYTES = 100 * 1024
"""A part is at most this long as serialised UTF-8: it fits in one frame or publish of every transport."""
MAX_PENDING_BYTES = 256 * 1024
_MOST_BYTES_PER_CHARACTER = 6  # "\u0000" in JSON


class OutboxSealed(Exception):
    """The stream is being ended: whoever still produces for it may stop."""


@dataclass
class _Pending:
    """A part that waits; of a delta, the texts that were merged into it."""

    part: Part
    deltas: list[str]
    size: int

    def merges(self, part: Part) -> bool:
        return bool(self.deltas) and part["type"] == self.part["type"] and part["id"] == self.part["id"]

    def joined(self) -> Part:
        return {**self.part, "delta": "".join(self.deltas)} if self.deltas else self.part


class Outbox:
    """Parts on their way, for one producer and one consumer.

    `min_interval` is in seconds: the least time between two deliveries that carry deltas, which keeps the number of
    paid messages down. It never holds back the first delta, nor the end.
    """

    def __init__(
        self,
        *,
        min_interval: float = 0.0,
        max_pending_bytes: int = MAX_PENDING_BYTES,
        max_part_bytes: int = MAX_PART_BYTES,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._min_interval = min_interval
        self._max_pending_bytes = max_pending_bytes
        self._max_part_bytes = max_part_bytes
        self._clock = clock
        self._changed = threading.Condition()
        self._pending: deque[_Pending] = deque()
        self._pending_bytes = 0
        self._blocks = OpenBlocks()
        self._sequence = 0
        self._deltas_at: float | None = None
        self._sealed = False
        self._ended = False
        self._abandoned = False

    def put(self, part: Part) -> None:
        """Takes a part; waits while the outbox is full. Raises OutboxSealed once the stream is being ended."""
        with self._changed:
            for piece in _split(part, self._max_part_bytes):
                self._changed.wait_for(
                    lambda: self._sealed or self._abandoned or self._pending_bytes < self._max_pending_bytes
                )
                if self._sealed:
                    raise OutboxSealed
                self._append(piece)

    def seal(self) -> None:
        """Takes no more from the producer; what is pending is still handed out, and `end` brings the last parts."""
        with self._changed:
            self._sealed = True
            self._changed.notify_all()

    def end(self, parts: Iterable[Part]) -> None:
        """Closes the blocks that are open and takes the last parts, over the bound if need be."""
        with self._changed:
            self._sealed = True
            for part in (*self._blocks.closing(), *parts):
                self._append(part)
            self._ended = True
            self._changed.notify_all()

    def take(self) -> list[Numbered]:
        """Waits for parts and hands out all that are pending, numbered; an empty list is the end of the stream."""
        with self._changed:
            self._changed.wait_for(lambda: self._pending or self._ended)
            if self._deltas_at is not None and self._holds_deltas():
                due = self._deltas_at + self._min_interval
                self._changed.wait_for(lambda: self._ended or self._clock() >= due, timeout=due - self._clock())
            if self._holds_deltas():
                self._deltas_at = self._clock()
            batch = [Numbered(self._sequence + index, held.joined()) for index, held in enumerate(self._pending)]
            self._sequence += len(batch)
            self._drop_pending()
            return batch

    def abandon(self) -> None:
        """Nobody receives any more: what is pending and what comes is dropped, and the stream goes on."""
        with self._changed:
            self._abandoned = True
            self._drop_pending()

    def _append(self, part: Part) -> None:
        self._blocks.observe(part)
        if self._abandoned:
            return
        size = serialised_bytes(part)
        last = self._pending[-1] if self._pending else None
        if last is not None and last.merges(part) and last.size + size <= self._max_part_bytes:
            last.deltas.append(str(part["delta"]))
            last.size += size
        else:
            self._pending.append(_Pending(part, [str(part["delta"])] if part["type"] in DELTAS else [], size))
        self._pending_bytes += size
        self._changed.notify_all()

    def _holds_deltas(self) -> bool:
        return any(held.deltas for held in self._pending)

    def _drop_pending(self) -> None:
        self._pending.clear()
        self._pending_bytes = 0
        self._changed.notify_all()


def serialised_bytes(part: Part) -> int:
    """The length of a part as it travels, in UTF-8."""
    return len(encode(part).encode())


def _split(part: Part, limit: int) -> Iterator[Part]:
    """A delta that is too long becomes several; no other part of ours is as long."""
    if part["type"] not in DELTAS or serialised_bytes(part) <= limit:
        yield part
        return
    text = str(part["delta"])
    step = (limit - serialised_bytes({**part, "delta": ""})) // _MOST_BYTES_PER_CHARACTER
    for offset in range(0, len(text), step):
        yield {**part, "delta": text[offset : offset + step]}
