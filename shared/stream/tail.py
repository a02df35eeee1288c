"""Follows a stream by its journal: first what was said, then what is being said, to its end.

Any number of readers may follow, on any transport, wherever the stream runs; its worker knows nothing of them.
"""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Self

from botocore.exceptions import BotoCoreError, ClientError

from shared.protocol.parts import Numbered, is_terminal
from shared.stream.journal import JournalReader
from shared.stream.registry import StreamRegistry
from shared.telemetry.log import logger

POLL_SECONDS = 0.25
LOOK_SECONDS = 1.0
"""How often a reader looks whether it is wanted no more, and, while nothing comes, whether the stream has ended."""


def never() -> bool:
    """Nobody stops this reader."""
    return False


@dataclass(frozen=True)
class Tail:
    """Reads journals and records of the table."""

    journal: JournalReader
    registry: StreamRegistry
    clock: Callable[[], float] = time.monotonic
    pause: Callable[[float], None] = time.sleep

    @classmethod
    def from_environment(cls) -> Self:
        """The table named by `STREAMS_TABLE`."""
        return cls(JournalReader.from_environment(), StreamRegistry.from_environment())

    def follow(
        self,
        owner: str,
        stream_id: str,
        *,
        after: int = -1,
        until: float,
        beat: float | None = None,
        stopped: Callable[[], bool] = never,
    ) -> Iterator[list[Numbered]]:
        """The parts after this sequence in batches, each as soon as it is journaled; blocks in between.

        Ends after the terminal part; at `until` (`time.monotonic()`); when `stopped`, which is asked about once a
        second; and when the stream has ended without more to come. Yields `[]` when nothing came for `beat` seconds.
        """
        position = self.journal.first_of_item(owner, stream_id, after + 1)
        looked_at = came_at = self.clock()
        ended = False
        while True:
            page = self._page(owner, stream_id, position)
            position += len(page)
            if batch := [numbered for numbered in page if numbered.sequence > after]:
                came_at = self.clock()
                yield batch
            if (page and is_terminal(page[-1].part)) or (ended and not page):
                return
            now = self.clock()
            if now >= until:
                return
            if beat is not None and now - came_at >= beat:
                came_at = now
                yield []
            if now - looked_at >= LOOK_SECONDS:
                looked_at = now
                if stopped():
                    return
                # The last flush came before the ended state: what is not there at the next look never comes.
                ended = not page and self._has_ended(owner, stream_id)
            if not page and not ended:
                self.pause(min(POLL_SECONDS, until - now))

    def _page(self, owner: str, stream_id: str, position: int) -> list[Numbered]:
        try:
            return self.journal.page(owner, stream_id, position)
        except (ClientError, BotoCoreError):  # it may pass: what has not come comes with a later poll
            logger.warning("reading the journal failed", exc_info=True, extra={"streamId": stream_id})
            return []

    def _has_ended(self, owner: str, stream_id: str) -> bool:
        try:
            record = self.registry.record(owner, stream_id)
        except (ClientError, BotoCoreError):
            logger.warning("reading the record failed", exc_info=True, extra={"streamId": stream_id})
            return False
        return record is None or record.state != "started"
