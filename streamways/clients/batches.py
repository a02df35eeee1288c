"""Puts numbered batches of parts, which may come twice and out of order, back into one gapless sequence."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Self, cast

from shared.contract.parts import OF_A_LATE_END
from streamways.clients.client import Part
from streamways.clients.errors import Malformed
from streamways.clients.wire import json_object


@dataclass(frozen=True)
class Batch:
    """Adjacent parts of one stream, as AppSync publishes them and `Query.parts` gives them."""

    first: int
    """Sequence of the first part."""
    epoch: int
    """Higher where the reaper has ended the stream of a worker that died."""
    parts: Sequence[Part]
    cursor: str | None
    """The place behind the last part."""

    @classmethod
    def from_json(cls, value: Mapping[str, object]) -> Self:
        """Raises Malformed."""
        first, epoch, given = value.get("firstSequence"), value.get("epoch"), value.get("parts")
        if not isinstance(first, int) or not isinstance(epoch, int) or not isinstance(given, list):
            raise Malformed(f"AppSync sent a batch without firstSequence, epoch and parts: {dict(value)}")
        cursor = value.get("cursor")
        return cls(first, epoch, _parsed(cast("list[object]", given)), None if cursor is None else str(cursor))

    @property
    def end(self) -> int:
        """The sequence behind the last part."""
        return self.first + len(self.parts)


class PartOrder:
    """Gives each part of a stream once, in order, when all before it have come."""

    def __init__(self) -> None:
        self.due = 0
        """The sequence that is due next."""
        self.cursor: str | None = None
        """The place behind the last batch of which nothing is missing."""
        self._epoch = 0
        self._waiting: list[Batch] = []

    @classmethod
    def from_page(cls, page: Mapping[str, object]) -> Self:
        """For a reader that begins with this page of the journal. Raises Malformed."""
        first, order = Batch.from_json(page), cls()
        order.due, order.cursor, order._epoch = first.first, first.cursor, first.epoch
        return order

    @property
    def missing(self) -> str:
        """Says so if later parts have come already, but not the one that is due; else empty."""
        later = len({number for batch in self._waiting for number in range(batch.first, batch.end)})
        return f": part {self.due} is missing, {later} later ones have come" if later else ""

    def take(self, batch: Batch) -> Iterator[tuple[Part, str | None]]:
        """The parts that are now in order; the last of each batch with the place behind it."""
        self._waiting.append(batch)
        self._waiting.sort(key=lambda each: (each.epoch, each.first))
        while ready := next((each for each in self._waiting if each.first <= self.due), None):
            self._waiting.remove(ready)
            yield from self._given_out(ready)

    def _given_out(self, batch: Batch) -> Iterator[tuple[Part, str | None]]:
        late = batch.epoch > self._epoch and batch.first < self.due
        if batch.end <= self.due and not late:
            return
        # The end of a stream whose worker died is numbered from where the journal stops, below what it had delivered.
        usable = [part for part in batch.parts if part.get("type") in OF_A_LATE_END]
        new = usable if late else batch.parts[self.due - batch.first :]
        self.due, self.cursor, self._epoch = max(self.due, batch.end), batch.cursor, batch.epoch
        for index, part in enumerate(new, 1):
            yield part, batch.cursor if index == len(new) else None


def preamble(page: Mapping[str, object] | None) -> list[Part]:
    """What a message held that a stream continues; in the first page of a replay. Raises Malformed."""
    return _parsed(cast("list[object]", (page or {}).get("preamble") or []))


def _parsed(texts: Sequence[object]) -> list[Part]:
    return [json_object(str(text), "AppSync") for text in texts]
