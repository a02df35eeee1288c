"""The outbox holds a bounded number of bytes, in parts of a bounded size: a model that is too fast waits."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from shared.contract.limits import MAX_PART_BYTES
from shared.generation.outbox import MAX_PENDING_BYTES, Outbox, OutboxClosed
from shared.protocol import parts
from shared.protocol.part_size import serialised_bytes
from shared.protocol.parts import Part, SequencedPart
from tests.support.outboxes import Reader, drain, taken, text_of, unnumbered
from tests.support.server import WAIT_SECONDS

FINISH = parts.finish("stop", {})
BRIEFLY = 0.05
"""How long something is watched that must not happen."""


def end(outbox: Outbox, *last: Part) -> None:
    """The stream is over, and settled."""
    outbox.end(last)
    outbox.finish()


@pytest.mark.parametrize("character", ["x", "é", "字", "🎈", "\0", '"', "\\", "\u2028"])
def test_a_delta_of_a_megabyte_is_told_in_parts_of_at_most_a_hundred_kilobytes(character: str) -> None:
    words = character * (1024 * 1024 // len(character.encode()))
    outbox = Outbox()
    reader = Reader(outbox)
    outbox.put(parts.block_delta("text", "t", words))
    end(outbox)
    received = reader.rest()
    assert text_of(received) == words
    assert max(map(serialised_bytes, received)) <= MAX_PART_BYTES


def test_deltas_are_not_merged_into_a_part_over_the_limit() -> None:
    outbox = Outbox(max_part_bytes=200)
    for _ in range(20):
        outbox.put(parts.block_delta("text", "t", "x" * 50))
    end(outbox)
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
        self.text = "x" * (100 - envelope)
        self._part = parts.block_delta("text", "t", self.text)
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
        except OutboxClosed as sealed:
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
    outbox.close()
    assert producer.done.wait(WAIT_SECONDS)


def test_a_full_outbox_holds_the_producer_back_until_something_is_taken() -> None:
    with blocked_producer() as (outbox, producer):
        assert text_of(taken(outbox))
        producer.wait_until_put(20)
        assert not producer.done.wait(BRIEFLY)
        assert producer.put == 20


def test_what_is_left_of_a_full_outbox_counts_until_it_is_taken() -> None:
    outbox = Outbox(max_pending_bytes=1000)
    put = threading.Semaphore(0)

    def produce() -> None:
        for number in range(5):
            outbox.put({"type": "data-x", "data": f"{number}{'x' * 400}"})
            put.release()

    threading.Thread(target=produce, daemon=True).start()
    for _ in range(3):
        assert put.acquire(timeout=WAIT_SECONDS)
    for _ in range(2):
        assert not put.acquire(timeout=BRIEFLY)
        assert len(outbox.take(most=1) or []) == 1
        assert put.acquire(timeout=WAIT_SECONDS)


def test_sealing_frees_the_producer_of_a_full_outbox() -> None:
    with blocked_producer() as (outbox, producer):
        outbox.close()
        assert producer.done.wait(WAIT_SECONDS)
        assert isinstance(producer.stopped_by, OutboxClosed)


def test_ending_frees_the_producer_of_a_full_outbox() -> None:
    with blocked_producer() as (outbox, producer):
        outbox.end([FINISH])
        assert producer.done.wait(WAIT_SECONDS)
        assert isinstance(producer.stopped_by, OutboxClosed)


def test_a_producer_whose_receiver_is_gone_is_freed_and_heard_by_the_journal() -> None:
    numbered: list[SequencedPart] = []
    outbox = Outbox(max_pending_bytes=1000, on_numbered=numbered.extend)
    producer = Producer(outbox)
    producer.wait_until_put(10)
    outbox.detach()
    assert producer.done.wait(WAIT_SECONDS)
    assert (producer.put, producer.stopped_by) == (Producer.TOTAL, None)
    end(outbox, FINISH)
    assert outbox.take() is None
    assert len(text_of(unnumbered([numbered]))) == Producer.TOTAL * len(producer.text)


def test_who_takes_for_nobody_is_given_nothing_but_the_end() -> None:
    outbox = Outbox()
    outbox.detach()
    outbox.put(parts.block_delta("text", "t", "unheard"))
    assert outbox.take() == []
    end(outbox, FINISH)
    assert outbox.take() is None


def test_the_output_of_a_tool_that_is_too_large_becomes_an_error() -> None:
    outbox = Outbox(max_part_bytes=300)
    outbox.put({"type": "tool-output-available", "toolCallId": "c", "output": "x" * 100})
    outbox.put({"type": "tool-output-available", "toolCallId": "d", "output": "x" * 300})
    fitting, refused = taken(outbox)
    assert fitting["type"] == "tool-output-available"
    assert refused == {
        "type": "tool-output-error",
        "toolCallId": "d",
        "errorText": "The output of the tool has more than 300 bytes.",
    }


def test_a_part_of_any_other_type_that_is_too_large_is_a_fault() -> None:
    with pytest.raises(ValueError, match="data-x has more than 100 bytes"):
        Outbox(max_part_bytes=100).put({"type": "data-x", "data": "x" * 100})


def test_a_delta_larger_than_the_whole_bound_passes_piece_by_piece() -> None:
    outbox = Outbox(max_pending_bytes=400, max_part_bytes=300)
    reader = Reader(outbox)
    outbox.put(parts.block_delta("text", "t", "x" * 10_000))
    end(outbox)
    assert text_of(reader.rest()) == "x" * 10_000
    assert max(sum(serialised_bytes(each.part) for each in batch) for batch in reader.batches) < 700


def test_the_bound_by_default_is_a_quarter_of_a_megabyte() -> None:
    outbox = Outbox()
    filled = threading.Event()

    def fill() -> None:
        outbox.put(parts.block_delta("text", "t", "x" * MAX_PENDING_BYTES))
        outbox.put(parts.block_delta("text", "t", "y"))
        filled.set()

    threading.Thread(target=fill, daemon=True).start()
    assert not filled.wait(BRIEFLY)
    while not filled.is_set():
        assert sum(serialised_bytes(part) for part in taken(outbox)) <= MAX_PENDING_BYTES + MAX_PART_BYTES


def test_the_end_is_taken_over_the_bound() -> None:
    outbox = Outbox(max_pending_bytes=100)
    outbox.put(parts.block_delta("text", "t", "x" * 200))
    end(outbox, FINISH)
    assert drain(outbox)[-1] == FINISH
