"""Puts numbered batches of parts, which may come twice and out of order, back into one gapless sequence."""

from collections.abc import Iterator, Mapping
from typing import cast

from sandbox.clients.client import Malformed, Part
from sandbox.clients.wire import json_object


class PartOrder:
    """Takes batches `{"firstSequence", "parts"}`; gives each part once, in order, when all before it have come."""

    def __init__(self) -> None:
        self.due = 0
        """The sequence that is due next."""
        self._waiting: dict[int, Part] = {}

    @property
    def missing(self) -> str:
        """Says so if later parts have come already, but not the one that is due; else empty."""
        return f": part {self.due} is missing, {len(self._waiting)} later ones have come" if self._waiting else ""

    def take(self, batch: Mapping[str, object]) -> Iterator[tuple[int, Part]]:
        """The parts that are now in order, with their sequences. Raises Malformed."""
        first, parts = batch.get("firstSequence"), batch.get("parts")
        if not isinstance(first, int) or not isinstance(parts, list):
            raise Malformed(f"AppSync sent a batch without firstSequence and parts: {dict(batch)}")
        for sequence, text in enumerate(cast("list[object]", parts), first):
            if sequence >= self.due:
                self._waiting[sequence] = json_object(str(text), "AppSync")
        while self.due in self._waiting:
            self.due += 1
            yield self.due - 1, self._waiting.pop(self.due - 1)
