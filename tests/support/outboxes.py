"""Reading what an outbox, or a run with one, hands out."""

import threading
from collections.abc import Iterable

from shared.contract.parts import DELTAS
from shared.generation.outbox import Outbox
from shared.protocol.parts import Part, SequencedPart
from shared.streams.source import PartSource
from tests.support.server import WAIT_SECONDS

Source = Outbox | PartSource


class Reader:
    """Takes from an outbox on a thread of its own, as a transport does."""

    def __init__(self, outbox: Source) -> None:
        self.batches: list[list[SequencedPart]] = []
        self._outbox = outbox
        self._news = threading.Condition()
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._ended = False
        self._thread.start()

    def wait_for_batches(self, count: int) -> None:
        """Until so many were handed out."""
        with self._news:
            assert self._news.wait_for(lambda: len(self.batches) >= count, WAIT_SECONDS), self.batches

    def hears(self, kind: str, within: float) -> bool:
        """Whether a part of this type is handed out within these seconds."""
        with self._news:
            return self._news.wait_for(
                lambda: any(each.part["type"] == kind for batch in self.batches for each in batch), within
            )

    def rest(self) -> list[Part]:
        """All parts, once the stream has ended."""
        self._thread.join(WAIT_SECONDS)
        assert self._ended, f"the stream did not end; so far {self.batches}"
        return unnumbered(self.batches)

    def _read(self) -> None:
        while (batch := self._outbox.take()) is not None:
            with self._news:
                self.batches.append(batch)
                self._news.notify_all()
        self._ended = True


def taken(outbox: Source) -> list[Part]:
    """The parts of the next batch, which there is."""
    batch = outbox.take(WAIT_SECONDS) if isinstance(outbox, Outbox) else outbox.take()
    assert batch, "nothing came"
    return [numbered.part for numbered in batch]


def drain(outbox: Source) -> list[Part]:
    """All parts of a stream, to its end."""
    return Reader(outbox).rest()


def unnumbered(batches: Iterable[Iterable[SequencedPart]]) -> list[Part]:
    """The parts alone; their numbers must be 0, 1, 2…"""
    numbered = [each for batch in batches for each in batch]
    assert [each.sequence for each in numbered] == list(range(len(numbered)))
    return [each.part for each in numbered]


def text_of(parts: Iterable[Part]) -> str:
    """The text of a stream's parts."""
    return "".join(str(part["delta"]) for part in parts if part["type"] == "text-delta")


def merged(parts: Iterable[Part]) -> list[Part]:
    """The same stream with all adjacent deltas of one block as one: equal for streams that say the same."""
    result: list[Part] = []
    for part in parts:
        last = result[-1] if result else {"type": None}
        if part["type"] in DELTAS and (last["type"], last.get("id")) == (part["type"], part["id"]):
            result[-1] = {**last, "delta": f"{last['delta']}{part['delta']}"}
        else:
            result.append(part)
    return result
