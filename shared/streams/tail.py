"""Follows a stream by its journal: first what was said, then what is being said, to its end.

Any number of readers may follow, on any transport, wherever the stream runs; its worker knows nothing of them.
"""

import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Self

from shared.contract.limits import KEEP_ALIVE_SECONDS
from shared.errors import Busy
from shared.protocol.cursor import Cursor
from shared.protocol.parts import SequencedPart, is_terminal
from shared.streams.journal import JournalReader, news
from shared.streams.repository import StreamRepository
from shared.telemetry.log import logger

POLL_SECONDS = 0.25
LOOK_SECONDS = 1.0
"""How often a reader asks whether it is still wanted, and, while nothing comes, whether the stream has ended."""


def never() -> bool:
    """Nobody stops this reader."""
    return False


@dataclass(frozen=True)
class Tail:
    """Reads journals and records of the table."""

    journal: JournalReader
    repository: StreamRepository
    clock: Callable[[], float] = time.monotonic
    pause: Callable[[float], None] = time.sleep

    @classmethod
    def from_environment(cls) -> Self:
        """The table named by `STREAMS_TABLE`."""
        return cls(JournalReader.from_environment(), StreamRepository.from_environment())

    def follow(
        self,
        owner: str,
        stream_id: str,
        *,
        after: Cursor | None = None,
        until: float,
        stopped: Callable[[], bool] = never,
    ) -> "Reading":
        """The parts after this place in batches, each as soon as it is journaled.

        Ends after the terminal part; at `until` (`time.monotonic()`); when it is detached, or `stopped`, which is asked
        about once a second; and when the stream has ended without more to come.
        """
        return Reading(self, owner, stream_id, after=after, until=until, stopped=stopped)


class Reading:
    """One reader's way through a stream, see `Tail.follow`: a source of parts, see `PartSource`."""

    def __init__(
        self,
        tail: Tail,
        owner: str,
        stream_id: str,
        *,
        after: Cursor | None,
        until: float,
        stopped: Callable[[], bool],
    ) -> None:
        self.complete = False
        """Whether the reader has the terminal part: it was given out, and another batch was asked for, or the reader
        had it already."""
        self._tail = tail
        self._owner = owner
        self._stream_id = stream_id
        self._after = after
        self._until = until
        self._stopped = stopped
        self._detached = threading.Event()
        self._position: int | None = None
        """Where the next page begins; None until it was found out."""
        self._batches = self._follow()

    def take(self) -> list[SequencedPart] | None:
        """See PartSource."""
        return next(self._batches, None)

    def detach(self) -> None:
        """See PartSource."""
        self._detached.set()

    def _follow(self) -> Iterator[list[SequencedPart]]:
        clock = self._tail.clock
        looked_at = came_at = clock()
        ended = False
        while True:
            page = self._page()
            if page:
                if batch := news(page, self._after):
                    came_at = clock()
                    yield batch
                if is_terminal(page[-1].part):
                    self.complete = True
                    return
            elif ended and page is not None:
                return
            now = clock()
            if now >= self._until or self._detached.is_set():
                return
            if now - came_at >= KEEP_ALIVE_SECONDS:
                came_at = now
                yield []
            if now - looked_at >= LOOK_SECONDS:
                looked_at = now
                if self._stopped():
                    return
                # The last flush came before the ended state: what is not there at the next look never comes.
                ended = not page and self._has_ended()
            if page is None or not (page or ended):
                self._tail.pause(min(POLL_SECONDS, self._until - now))

    def _page(self) -> list[SequencedPart] | None:
        """What there is from here on; None when it cannot be read, which says nothing of what there is."""
        journal = self._tail.journal
        try:
            if self._position is None:
                self._position = journal.beginning(self._owner, self._stream_id, self._after)
            page = journal.page(self._owner, self._stream_id, self._position)
        except Busy:  # it may pass: what has not come comes with a later poll
            logger.warning("reading the journal failed", exc_info=True, extra={"streamId": self._stream_id})
            return None
        self._position += len(page)
        return page

    def _has_ended(self) -> bool:
        try:
            record = self._tail.repository.record(self._owner, self._stream_id)
        except Busy:
            logger.warning("reading the record failed", exc_info=True, extra={"streamId": self._stream_id})
            return False
        return record is None or record.state != "started"
