"""A cursor: where a reader of a stream is, as a text that its client gives back and does not read.

A number alone does not say it. The next stream of a chat has the same numbers, and so has the end of a stream whose
worker died: the worker may have delivered parts that never reached the journal, and the reaper numbers the end from
where the journal stops. So a cursor names the stream and the epoch as well, as Kafka's consumers name a leader epoch:
https://cwiki.apache.org/confluence/display/KAFKA/KIP-320%3A+Allow+fetchers+to+detect+and+handle+log+truncation
"""

import re
from dataclasses import dataclass
from typing import Self

from shared.errors import InvalidRequest
from shared.protocol.opaque import opened, sealed
from shared.protocol.parts import REAPER_EPOCH, WORKER_EPOCH, SequencedPart

_CURSOR = re.compile(rf"([A-Za-z0-9_-]{{1,64}})\.([{WORKER_EPOCH}{REAPER_EPOCH}])\.(0|[1-9][0-9]{{0,7}})")
"""Stream, epoch and sequence. A journal's keys have eight digits."""
_ENCODED = re.compile(r"[A-Za-z0-9_-]{1,128}")


@dataclass(frozen=True)
class Cursor:
    """The place behind one part of a stream."""

    stream_id: str
    epoch: int
    sequence: int

    @classmethod
    def behind(cls, stream_id: str, numbered: SequencedPart) -> Self:
        """The place of a reader who has this part and all before it."""
        return cls(stream_id, numbered.epoch, numbered.sequence)

    @classmethod
    def parse(cls, text: object, name: str) -> Self:
        """Reads what a client gives back as `name`. Raises InvalidRequest for anything that `str` does not write."""
        if isinstance(text, str) and _ENCODED.fullmatch(text):
            found = _CURSOR.fullmatch(opened(text))
            if found is not None and str(cursor := cls(found[1], int(found[2]), int(found[3]))) == text:
                return cursor
        raise InvalidRequest(f"{name} must be a cursor as it came with a part; without one a stream is read whole.")

    def __str__(self) -> str:
        """Letters, digits, `_` and `-`, at most 100."""
        return sealed(f"{self.stream_id}.{self.epoch}.{self.sequence}")
