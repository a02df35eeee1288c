"""The outbox keeps an interval between deliveries of text, but holds back neither the first nor the last."""

import threading
from collections.abc import Callable

import pytest

from shared.generation.outbox import DETACHED_INTERVAL_SECONDS, Outbox
from shared.protocol import parts
from shared.protocol.parts import Part, SequencedPart
from tests.support.outboxes import Reader, taken, text_of
from tests.support.server import WAIT_SECONDS

FINISH = parts.finish("stop", {})
BRIEFLY = 0.05
"""How long something is watched that must not happen."""


class Paced:
    """An outbox with an interval, of an hour unless the test says so, on a clock that the test moves."""

    HOUR = 3600.0

    def __init__(self, interval: float = HOUR) -> None:
        self.now = 0.0
        self.numbered: list[SequencedPart] = []
        self.outbox = Outbox(min_interval=interval, on_numbered=self.numbered.extend, clock=lambda: self.now)
        self.reader = Reader(self.outbox)

    def end(self, *last: Part) -> None:
        """The stream is over, and settled."""
        self.outbox.end(last)
        self.outbox.finish()

    def not_yet(self, count: int) -> None:
        """No batch beyond this many is handed out."""
        assert not self._wait(lambda: len(self.reader.batches) > count)

    def _wait(self, happened: Callable[[], bool]) -> bool:
        with self.reader._news:
            return self.reader._news.wait_for(happened, BRIEFLY)


def test_the_first_delta_is_never_held_back() -> None:
    paced = Paced()
    paced.outbox.put(parts.start("m", "s"))
    paced.reader.wait_for_batches(1)
    paced.outbox.put(parts.block_delta("text", "t", "first"))
    paced.reader.wait_for_batches(2)
    paced.end()
    assert text_of(paced.reader.rest()) == "first"


def test_after_the_first_deltas_keep_the_interval_and_become_one_message() -> None:
    paced = Paced()
    paced.outbox.put(parts.block_delta("text", "t", "first "))
    paced.reader.wait_for_batches(1)
    paced.now = Paced.HOUR - 1
    paced.outbox.put(parts.block_delta("text", "t", "second "))
    paced.not_yet(1)
    paced.now = Paced.HOUR
    paced.outbox.put(parts.block_delta("text", "t", "third"))
    paced.reader.wait_for_batches(2)
    assert [each.part for each in paced.reader.batches[1]] == [parts.block_delta("text", "t", "second third")]
    paced.outbox.put(parts.block_delta("text", "t", "fourth"))
    paced.not_yet(2)
    paced.end()
    paced.reader.rest()


def test_a_delta_that_comes_after_the_interval_is_not_held_back() -> None:
    paced = Paced()
    for hour in range(3):
        paced.now = hour * Paced.HOUR
        paced.outbox.put(parts.block_delta("text", "t", str(hour)))
        paced.reader.wait_for_batches(hour + 1)
    paced.end()
    assert text_of(paced.reader.rest()) == "012"


def test_a_part_without_text_does_not_wait_for_the_interval() -> None:
    paced = Paced()
    paced.outbox.put(parts.block_delta("text", "t", "first"))
    paced.reader.wait_for_batches(1)
    paced.outbox.put({"type": "text-end", "id": "t"})
    paced.reader.wait_for_batches(2)
    paced.end()
    paced.reader.rest()


def test_a_part_without_text_that_is_taken_alone_does_not_wait_for_the_text_behind_it() -> None:
    outbox = Outbox(min_interval=Paced.HOUR)
    outbox.put(parts.block_delta("text", "t", "first"))
    assert taken(outbox)
    outbox.put(parts.block_end("text", "t"))
    outbox.put(parts.block_delta("text", "u", "second"))
    alone: list[list[SequencedPart] | None] = []
    taking = threading.Thread(target=lambda: alone.append(outbox.take(most=1)), daemon=True)
    taking.start()
    taking.join(WAIT_SECONDS)
    assert alone == [[SequencedPart(1, parts.block_end("text", "t"))]]


def test_the_end_is_never_held_back_and_brings_what_was() -> None:
    paced = Paced()
    paced.outbox.put(parts.block_start("text", "t"))
    paced.outbox.put(parts.block_delta("text", "t", "first "))
    paced.reader.wait_for_batches(1)
    paced.outbox.put(parts.block_delta("text", "t", "last"))
    paced.not_yet(1)
    paced.end(FINISH)
    assert paced.reader.rest()[-3:] == [parts.block_delta("text", "t", "last"), {"type": "text-end", "id": "t"}, FINISH]


def test_the_interval_passes_by_the_real_clock_without_any_news() -> None:
    outbox = Outbox(min_interval=BRIEFLY)
    outbox.put(parts.block_delta("text", "t", "first "))
    assert outbox.take()
    outbox.put(parts.block_delta("text", "t", "second"))
    assert text_of(taken(outbox)) == "second"


def test_a_stream_that_nobody_receives_is_numbered_rarely() -> None:
    now = 0.0
    numbered: list[SequencedPart] = []
    outbox = Outbox(on_numbered=numbered.extend, clock=lambda: now)
    outbox.detach()
    outbox.put(parts.block_delta("text", "t", "first "))
    now = DETACHED_INTERVAL_SECONDS / 2
    outbox.put(parts.block_delta("text", "t", "second"))
    assert outbox.number_waiting() == pytest.approx(DETACHED_INTERVAL_SECONDS / 2)
    assert numbered == []
    now = DETACHED_INTERVAL_SECONDS
    assert outbox.number_waiting() == DETACHED_INTERVAL_SECONDS
    outbox.end([FINISH])
    outbox.finish()
    assert outbox.take() is None
    assert [each.part for each in numbered] == [parts.block_delta("text", "t", "first second"), FINISH]


def test_the_lag_is_the_longest_that_a_part_has_waited_for_its_receiver() -> None:
    now = 0.0
    outbox = Outbox(clock=lambda: now)
    assert outbox.lag_ms() is None
    outbox.put(parts.block_delta("text", "t", "first "))
    now = 2.0
    outbox.put(parts.block_delta("text", "t", "merged"))
    taken(outbox)
    assert outbox.lag_ms() == 2_000
    outbox.put(parts.block_delta("text", "t", "soon"))
    now = 2.5
    taken(outbox)
    assert outbox.lag_ms() == 2_000


def test_a_part_that_still_waits_counts_unless_nobody_receives_any_more() -> None:
    now = 0.0
    outbox = Outbox(clock=lambda: now)
    outbox.put(parts.block_delta("text", "t", "numbered, and not taken"))
    now = 1.5
    outbox.number_waiting()
    now = 4.0
    assert outbox.lag_ms() == 4_000
    outbox.put(parts.block_delta("text", "t", "not even numbered"))
    outbox.detach()
    assert outbox.lag_ms() is None
