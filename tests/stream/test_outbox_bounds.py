"""The outbox holds a bounded number of bytes, in parts of a bounded size: a model that is too fast waits."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from shared.protocol import parts
from shared.stream.outbox import (
    MAX_PART_BYTES,
    MAX_PENDING_BYTES,
    Outbox,
    OutboxSealed,
    serialised_bytes,
)
from tests.support.outboxes import Reader, drain, text_of
from tests.support.server import WAIT_SECONDS

FINISH = parts.finish("stop", {})
BRIEFLY = 0.05
"""How long something is watched that must not happen."""


@pytest.mark.parametrize("character", ["x", "é", "字", "🎈", "\0", '"', "\\", "\u2028"])
def test_a_delta_of_a_megabyte_is_told_in_parts_of_at_most_a_hundred_kilobytes(character: str) -> None:
    words = character * (1024 * 1024 // len(character.encode()))
    outbox = Outbox()
    reader = Reader(outbox)
    outbox.put(parts.block_delta("text", "t", words))
    outbox.end([])
    received = reader.rest()
    assert text_of(received) == words
    assert max(map(serialised_bytes, received)) <= MAX_PART_BYTES


def test_deltas_are_not_merged_into_a_part_over_the_limit() -> None:
    outbox = Outbox(max_part_bytes=200)
    for _ in range(20):
        outbox.put(parts.block_delta("text", "t", "x" * 50))
    outbox.end([])
    received = drain(outbox)
    assert text_of(received) == "x" * 1000
    assert max(map(serialised_bytes, received)) <= 200


class Producer:
    """Puts deltas of a hundred bytes on a thread of its own for as long as it is let."""

    TOTAL = 1000

    def __init__(self, outbox: Outbox) -> None:
        self.put = 0
        self.stopped_by: Exception | None = None
        self._outbox = outbox
        self._news = threading.Condition()
        self.done = threading.Event()
        envelope = serialised_bytes(parts.block_delta("text", "t", ""))
        self._part = parts.block_delta("text", "t", "x" * (100 - envelope))
        threading.Thread(target=self._produce, daemon=True).start()

    def wait_until_put(self, count: int) -> None:
        with self._news:
            assert self._news.wait_for(lambda: self.put >= count, WAIT_SECONDS), self.put

    def _produce(self) -> None:
        try:
            for _ in range(self.TOTAL):
                self._outbox.put(self._part)
                with self._news:
                    self.put += 1
                    self._news.notify_all()
        except OutboxSealed as sealed:
            self.stopped_by = sealed
        finally:
            self.done.set()


@contextmanager
def blocked_producer() -> Iterator[tuple[Outbox, Producer]]:
    """A producer that waits because ten deltas fill the outbox."""
    outbox = Outbox(max_pending_bytes=1000)
    producer = Producer(outbox)
    producer.wait_until_put(10)
    assert not producer.done.wait(BRIEFLY)
    assert producer.put == 10
    yield outbox, producer
    outbox.seal()
    assert producer.done.wait(WAIT_SECONDS)


def test_a_full_outbox_holds_the_producer_back_until_something_is_taken() -> None:
    with blocked_producer() as (outbox, producer):
        assert len(text_of(each.part for each in outbox.take())) > 0
        producer.wait_until_put(20)
        assert not producer.done.wait(BRIEFLY)
        assert producer.put == 20


def test_sealing_frees_the_producer_of_a_full_outbox() -> None:
    with blocked_producer() as (outbox, producer):
        outbox.seal()
        assert producer.done.wait(WAIT_SECONDS)
        assert isinstance(producer.stopped_by, OutboxSealed)


def test_ending_frees_the_producer_of_a_full_outbox() -> None:
    with blocked_producer() as (outbox, producer):
        outbox.end([FINISH])
        assert producer.done.wait(WAIT_SECONDS)
        assert isinstance(producer.stopped_by, OutboxSealed)


def test_abandoning_frees_the_producer_and_lets_it_finish_unheard() -> None:
    with blocked_producer() as (outbox, producer):
        outbox.abandon()
        assert producer.done.wait(WAIT_SECONDS)
        assert (producer.put, producer.stopped_by) == (Producer.TOTAL, None)
        outbox.end([FINISH])
        assert outbox.take() == []


def test_a_delta_larger_than_the_whole_bound_passes_piece_by_piece() -> None:
    outbox = Outbox(max_pending_bytes=400, max_part_bytes=300)
    reader = Reader(outbox)
    outbox.put(parts.block_delta("text", "t", "x" * 10_000))
    outbox.end([])
    assert text_of(reader.rest()) == "x" * 10_000
    assert max(sum(serialised_bytes(each.part) for each in batch) for batch in reader.batches) < 700


def test_the_bound_by_default_is_a_quarter_of_a_megabyte() -> None:
    outbox = Outbox()
    taken = threading.Event()

    def fill() -> None:
        outbox.put(parts.block_delta("text", "t", "x" * MAX_PENDING_BYTES))
        outbox.put(parts.block_delta("text", "t", "y"))
        taken.set()

    threading.Thread(target=fill, daemon=True).start()
    assert not taken.wait(BRIEFLY)
    while not taken.is_set():
        assert sum(serialised_bytes(each.part) for each in outbox.take()) <= MAX_PENDING_BYTES + MAX_PART_BYTES


def test_the_end_is_taken_over_the_bound() -> None:
    outbox = Outbox(max_pending_bytes=100)
    outbox.put(parts.block_delta("text", "t", "x" * 200))
    outbox.end([FINISH])
    assert drain(outbox)[-1] == FINISH
