"""What stands between the model and a transport: takes parts as they come, merges, numbers, and is bounded.

The model is read on one thread, the transport delivers on another. While a delivery is under way, adjacent deltas of
the same block become one. A part gets its number, once, when it is handed out, when it has waited too long for a
receiver, or when the stream ends; in that same moment `on_numbered` is told, so the journal never waits for a client.
The outbox has no thread: whoever runs the stream calls `number_waiting` in time. When the outbox is full the model is
read more slowly: `put` waits.
"""

import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Sequence, Sized
from dataclasses import dataclass
from itertools import islice
from typing import NamedTuple

from shared.contract.limits import MAX_PART_BYTES
from shared.contract.parts import DELTAS
from shared.protocol.part_size import fitting, serialised_bytes
from shared.protocol.parts import OpenBlocks, Part, SequencedPart

MAX_PENDING_BYTES = 256 * 1024
NUMBERED_WITHIN_SECONDS = 1.0
"""A part that a blocked receiver has not taken for so long is numbered all the same, for those who read the journal."""
DETACHED_INTERVAL_SECONDS = 0.25
"""How often a stream that nobody receives is numbered: often enough for those who follow the journal."""


class OutboxClosed(Exception):
    """The stream is being ended: whoever still produces for it may stop."""


@dataclass
class _Pending:
    """A part that waits for its number; of a delta, the texts that were merged into it."""

    part: Part
    deltas: list[str]
    size: int
    since: float

    def merges(self, part: Part) -> bool:
        return bool(self.deltas) and part["type"] == self.part["type"] and part["id"] == self.part["id"]

    def joined(self) -> Part:
        return {**self.part, "delta": "".join(self.deltas)} if self.deltas else self.part


class _Ready(NamedTuple):
    """A part that has its number: the bytes that it counts for, and since when it waits."""

    numbered: SequencedPart
    size: int
    since: float


def _nobody(_: Sequence[SequencedPart]) -> None:
    pass


class Outbox:
    """Parts on their way, for one producer and one receiver.

    `min_interval` is in seconds: the least time between two deliveries that carry deltas, which keeps the number of
    paid messages down. It never holds back the first delta, nor the end. `on_numbered` gets every part once, in
    order; it is called under the outbox's lock, so it must neither wait nor call back.
    """

    def __init__(
        self,
        *,
        min_interval: float = 0.0,
        on_numbered: Callable[[Sequence[SequencedPart]], None] = _nobody,
        max_pending_bytes: int = MAX_PENDING_BYTES,
        max_part_bytes: int = MAX_PART_BYTES,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._min_interval = min_interval
        self._on_numbered = on_numbered
        self._max_pending_bytes = max_pending_bytes
        self._max_part_bytes = max_part_bytes
        self._clock = clock
        self._changed = threading.Condition()
        self._pending: deque[_Pending] = deque()
        self._ready: deque[_Ready] = deque()
        self._held_bytes = 0
        """Of what is pending and what is ready."""
        self._blocks = OpenBlocks()
        self._sequence = 0
        self._deltas_at: float | None = None
        self._longest_wait: float | None = None
        """Of the parts that were handed out, in seconds."""
        self._attached = True
        self._taking = False
        self._closed = False
        self._terminal: list[SequencedPart] | None = None
        """The last parts, numbered, once the stream has ended."""
        self._finished = False

    def put(self, part: Part) -> None:
        """Takes a part; waits while the outbox is full. Raises OutboxClosed once the stream is being ended."""
        with self._changed:
            for piece in fitting(part, self._max_part_bytes):
                if self._full():
                    self._number()
                self._changed.wait_for(lambda: self._closed or not self._full())
                if self._closed:
                    raise OutboxClosed
                self._append(piece)

    def number_waiting(self) -> float:
        """Numbers what is pending once its oldest part has waited too long for a receiver that is busy or gone.

        Returns after how many seconds it is to be called again.
        """
        with self._changed:
            if self._pending and not self._taking:
                due = self._pending[0].since + self._numbered_within() - self._clock()
                if due > 0:
                    return due
                self._number()
            return self._numbered_within()

    def close(self) -> None:
        """Takes no more from the producer; what is pending is still handed out, and `end` brings the last parts."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()

    def end(self, parts: Sequence[Part]) -> None:
        """Numbers all that is pending, the closing of the blocks that are open, and the last parts, whatever the
        receiver does. What is before the last parts can be taken at once; they wait for `finish`. Nothing happens if
        the stream has ended, or was discarded."""
        with self._changed:
            if self._terminal is not None:
                return
            self._closed = True
            for part in self._blocks.closing():
                self._append(part)
            self._number()
            self._terminal = self._numbered(parts)
            self._changed.notify_all()

    def finish(self) -> None:
        """Lets the last parts go."""
        with self._changed:
            self._finished = True
            self._changed.notify_all()

    def discard(self) -> None:
        """Ends the stream here, without another part for its receiver: another has ended it elsewhere."""
        with self._changed:
            self._closed = self._finished = True
            self._pending.clear()
            self._ready.clear()
            self._terminal = []
            self._changed.notify_all()

    def take(self, timeout: float | None = None, most: int | None = None) -> list[SequencedPart] | None:
        """Waits for parts and hands out all that there are, or the first `most` of them; what is left goes on merging.

        `[]` when none came for so many seconds, None when the stream is over.
        """
        with self._changed:
            self._taking = True
            try:
                if not self._changed.wait_for(lambda: self._pending or self._ready or self._finished, timeout):
                    return []
                self._wait_for_the_interval(most)
            finally:
                self._taking = False
            self._number(most)
            if self._finished and self._attached and self._terminal:
                self._ready += [_Ready(numbered, 0, self._clock()) for numbered in self._terminal]
                self._terminal = []
            taken = [self._ready.popleft() for _ in range(_at_most(most, self._ready))]
            self._held_bytes -= sum(each.size for each in taken)
            self._longest_wait = self._wait_until_now(taken)
            self._changed.notify_all()
            return [each.numbered for each in taken] or (None if self._finished else [])

    def lag_ms(self) -> float | None:
        """How long a part has waited for its receiver at most, in milliseconds; None if nobody has received any."""
        with self._changed:
            waiting = [*list(self._ready)[:1], *list(self._pending)[:1]] if self._attached else []
            longest = self._wait_until_now(waiting)
            return None if longest is None else round(longest * 1000, 1)

    def detach(self) -> None:
        """Nobody receives any more: what is numbered is dropped, and numbers are given rarely, so that the journal
        has few entries. The stream goes on."""
        with self._changed:
            self._attached = False
            self._drop_ready()
            self._changed.notify_all()

    def _append(self, part: Part) -> None:
        self._blocks.observe(part)
        size = serialised_bytes(part)
        last = self._pending[-1] if self._pending else None
        if last is not None and last.merges(part) and last.size + size <= self._max_part_bytes:
            last.deltas.append(str(part["delta"]))
            last.size += size
        else:
            deltas = [str(part["delta"])] if part["type"] in DELTAS else []
            self._pending.append(_Pending(part, deltas, size, self._clock()))
        self._held_bytes += size
        self._changed.notify_all()

    def _number(self, most: int | None = None) -> None:
        """Has the first `most` parts ready to be taken, or all that are pending."""
        wanted = None if most is None else max(0, most - len(self._ready))
        held = [self._pending.popleft() for _ in range(_at_most(wanted, self._pending))]
        batch = self._numbered(each.joined() for each in held)
        self._ready += [_Ready(numbered, each.size, each.since) for numbered, each in zip(batch, held, strict=True)]
        if not self._attached:
            self._drop_ready()

    def _numbered(self, parts: Iterable[Part]) -> list[SequencedPart]:
        batch = [SequencedPart(self._sequence + index, part) for index, part in enumerate(parts)]
        self._sequence += len(batch)
        if batch:
            self._on_numbered(batch)
        return batch

    def _wait_for_the_interval(self, most: int | None) -> None:
        if not self._ready and any(held.deltas for held in islice(self._pending, most)):
            if self._deltas_at is not None:
                due = self._deltas_at + self._min_interval
                self._changed.wait_for(
                    lambda: self._terminal is not None or self._clock() >= due, timeout=due - self._clock()
                )
            self._deltas_at = self._clock()

    def _wait_until_now(self, parts: Iterable[_Ready | _Pending]) -> float | None:
        """The longest wait of these parts and of those that were handed out."""
        waits = [self._clock() - each.since for each in parts]
        return max(waits if self._longest_wait is None else [self._longest_wait, *waits], default=None)

    def _drop_ready(self) -> None:
        self._held_bytes -= sum(each.size for each in self._ready)
        self._ready.clear()

    def _numbered_within(self) -> float:
        return NUMBERED_WITHIN_SECONDS if self._attached else DETACHED_INTERVAL_SECONDS

    def _full(self) -> bool:
        return self._held_bytes >= self._max_pending_bytes


def _at_most(most: int | None, parts: Sized) -> int:
    return len(parts) if most is None else min(most, len(parts))
