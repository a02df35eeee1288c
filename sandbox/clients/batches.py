"""Puts numbered batches of parts, which may come twice and out of order, back into one gapless sequence."""

from collections.abc import Iterator, Mapping, Sequence
from typing import cast

from sandbox.clients import refusals
from sandbox.clients.client import TERMINAL_PARTS, Malformed, Part, Refused
from sandbox.clients.wire import json_object

OF_AN_EARLY_END = TERMINAL_PARTS | {"message-metadata", "data-error"}
"""What a stack sends of an end that stands before what has come already."""


class PartOrder:
    """Takes batches `{"firstSequence", "parts"}`; gives each part once, in order, when all before it have come."""

    def __init__(self, due: int = 0) -> None:
        self.due = due
        """The sequence that is due next."""
        self._waiting: dict[int, Part] = {}

    @property
    def missing(self) -> str:
        """Says so if later parts have come already, but not the one that is due; else empty."""
        return f": part {self.due} is missing, {len(self._waiting)} later ones have come" if self._waiting else ""

    def take(self, batch: Mapping[str, object]) -> Iterator[tuple[int, Part]]:
        """The parts that are now in order, with their sequences.

        Raises Malformed; and Refused for an end that stands before what has come already: a worker died, what it
        delivered last is not in the journal, and the reaper ended the stream where the journal stops.
        """
        first, given = batch.get("firstSequence"), batch.get("parts")
        if not isinstance(first, int) or not isinstance(given, list):
            raise Malformed(f"AppSync sent a batch without firstSequence and parts: {dict(batch)}")
        parts = [json_object(str(text), "AppSync") for text in cast("list[object]", given)]
        if parts and parts[-1].get("type") in TERMINAL_PARTS and first + len(parts) <= self.due:
            raise ended_early(parts)
        for sequence, part in enumerate(parts, first):
            if sequence >= self.due:
                self._waiting[sequence] = part
        while self.due in self._waiting:
            self.due += 1
            yield self.due - 1, self._waiting.pop(self.due - 1)


def ended_early(parts: Sequence[Part]) -> Refused:
    """The refusal that the parts of an end below the due sequence tell."""
    data = next((part.get("data") for part in parts if part.get("type") == "data-error"), None)
    error = cast("dict[str, object]", data) if isinstance(data, dict) else {"message": parts[-1].get("errorText")}
    return refusals.from_error(error)
