"""The outbox: nothing is lost, doubled or reordered, whatever the pace of the model and of the transport."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.protocol import parts
from shared.protocol.parts import Part
from shared.stream.outbox import (
    MAX_PART_BYTES,
    MAX_PENDING_BYTES,
    Outbox,
    OutboxSealed,
    serialised_bytes,
)
from tests.support.outboxes import Reader, drain, merged, text_of, unnumbered
from tests.support.server import WAIT_SECONDS

FINISH = parts.finish("stop", {})
BRIEFLY = 0.05
"""How long something is watched that must not happen."""

WORDS = st.text(max_size=12) | st.sampled_from(["", "\0\x01\x1f", "🎈" * 5, '"\\' * 6, "\u2028\u2029"])


@st.composite
def streams(draw: st.DrawFn) -> list[Part]:
    """The parts that a model's answer may become: blocks that open, interleave, and may be left open."""
    made: list[Part] = [parts.start("m", "s"), parts.start_step()]
    opened: set[tuple[str, str]] = set()
    for kind, block, words in draw(
        st.lists(st.tuples(st.sampled_from(["text", "reasoning"]), st.sampled_from("ab"), WORDS | st.none()))
    ):
        if (kind, block) not in opened:
            made.append({"type": f"{kind}-start", "id": block})
            opened.add((kind, block))
        if words is None:
            made.append({"type": f"{kind}-end", "id": block})
            opened.discard((kind, block))
        else:
            made.append({"type": f"{kind}-delta", "id": block, "delta": words})
    return made


def closing(stream: list[Part]) -> list[Part]:
    """The parts that close what a stream has left open: the blocks in the order of their opening, then the step."""
    opened: dict[tuple[str, object], Part] = {}
    for part in stream[2:]:
        kind, _, event = str(part["type"]).partition("-")
        if event == "start":
            opened[kind, part["id"]] = {"type": f"{kind}-end", "id": part["id"]}
        elif event == "end":
            opened.pop((kind, part["id"]), None)
    return [*opened.values(), {"type": "finish-step"}]


@given(streams(), st.data())
def test_whatever_the_interleaving_of_puts_and_takes_the_same_is_said_in_the_same_order(
    stream: list[Part], data: st.DataObject
) -> None:
    outbox = Outbox()
    batches = []
    for part in stream:
        outbox.put(part)
        if data.draw(st.booleans()):
            batches.append(outbox.take())
    outbox.end([FINISH])
    while batch := outbox.take():
        batches.append(batch)
    assert merged(unnumbered(batches)) == [*merged(stream), *closing(stream), FINISH]


@given(streams(), st.integers(150, 2000), st.integers(200, 900))
def test_nothing_is_lost_between_two_threads_and_no_part_or_batch_is_over_its_bound(
    stream: list[Part], max_pending: int, max_part: int
) -> None:
    outbox = Outbox(max_pending_bytes=max_pending, max_part_bytes=max_part)
    reader = Reader(outbox)
    for part in stream:
        outbox.put(part)
    outbox.end([])
    received = reader.rest()
    assert merged(received) == [*merged(stream), *closing(stream)]
    assert max(map(serialised_bytes, received)) <= max_part
    before_the_end = reader.batches[:-1]
    assert all(sum(serialised_bytes(each.part) for each in batch) < max_pending + max_part for batch in before_the_end)


@pytest.mark.parametrize("character", ["x", "é", "字", "🎈", "\0", '"', "\\", "\u2028"])
def test_a_delta_of_a_megabyte_is_told_in_parts_of_at_most_a_hundred_kilobytes(character: str) -> None:
    words = character * (1024 * 1024 // len(character.encode()))
    outbox = Outbox()
    reader = Reader(outbox)
    outbox.put(parts.text_delta("t", words))
    outbox.end([])
    received = reader.rest()
    assert text_of(received) == words
    assert max(map(serialised_bytes, received)) <= MAX_PART_BYTES


def test_deltas_are_not_merged_into_a_part_over_the_limit() -> None:
    outbox = Outbox(max_part_bytes=200)
    for _ in range(20):
        outbox.put(parts.text_delta("t", "x" * 50))
    outbox.end([])
    received = drain(outbox)
    assert text_of(received) == "x" * 1000
    assert max(map(serialised_bytes, received)) <= 200


def test_what_arrives_during_a_delivery_becomes_one_part() -> None:
    outbox = Outbox()
    outbox.put(parts.text_start("t"))
    for word in ("One ", "two ", "three"):
        outbox.put(parts.text_delta("t", word))
    assert [each.part for each in outbox.take()] == [parts.text_start("t"), parts.text_delta("t", "One two three")]


@pytest.mark.parametrize(
    "between",
    [
        {"type": "text-end", "id": "t"},
        parts.text_delta("another", "x"),
        parts.reasoning_delta("t", "x"),
        parts.start_step(),
    ],
    ids=lambda part: f"{part['type']} {part.get('id', '')}",
)
def test_deltas_are_not_merged_over(between: Part) -> None:
    outbox = Outbox()
    said = [parts.text_delta("t", "a"), between, parts.text_delta("t", "b")]
    for part in said:
        outbox.put(part)
    assert [each.part for each in outbox.take()] == said


def test_a_number_is_given_once_over_all_batches() -> None:
    outbox = Outbox()
    numbers = []
    for _ in range(3):
        outbox.put(parts.text_start("t"))
        outbox.put(parts.text_delta("t", "x"))
        numbers += [each.sequence for each in outbox.take()]
    assert numbers == [0, 1, 2, 3, 4, 5]


class Producer:
    """Puts deltas of a hundred bytes on a thread of its own for as long as it is let."""

    TOTAL = 1000

    def __init__(self, outbox: Outbox) -> None:
        self.put = 0
        self.stopped_by: Exception | None = None
        self._outbox = outbox
        self._news = threading.Condition()
        self.done = threading.Event()
        envelope = serialised_bytes(parts.text_delta("t", ""))
        self._part = parts.text_delta("t", "x" * (100 - envelope))
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
    outbox.put(parts.text_delta("t", "x" * 10_000))
    outbox.end([])
    assert text_of(reader.rest()) == "x" * 10_000
    assert max(sum(serialised_bytes(each.part) for each in batch) for batch in reader.batches) < 700


def test_the_bound_by_default_is_a_quarter_of_a_megabyte() -> None:
    outbox = Outbox()
    taken = threading.Event()

    def fill() -> None:
        outbox.put(parts.text_delta("t", "x" * MAX_PENDING_BYTES))
        outbox.put(parts.text_delta("t", "y"))
        taken.set()

    threading.Thread(target=fill, daemon=True).start()
    assert not taken.wait(BRIEFLY)
    while not taken.is_set():
        assert sum(serialised_bytes(each.part) for each in outbox.take()) <= MAX_PENDING_BYTES + MAX_PART_BYTES


class Paced:
    """An outbox with an interval of an hour, on a clock that the test moves."""

    HOUR = 3600.0

    def __init__(self) -> None:
        self.now = 0.0
        self.outbox = Outbox(min_interval=self.HOUR, clock=lambda: self.now)
        self.reader = Reader(self.outbox)

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
    paced.outbox.put(parts.text_delta("t", "first"))
    paced.reader.wait_for_batches(2)
    paced.outbox.end([])
    assert text_of(paced.reader.rest()) == "first"


def test_after_the_first_deltas_keep_the_interval_and_become_one_message() -> None:
    paced = Paced()
    paced.outbox.put(parts.text_delta("t", "first "))
    paced.reader.wait_for_batches(1)
    paced.now = Paced.HOUR - 1
    paced.outbox.put(parts.text_delta("t", "second "))
    paced.not_yet(1)
    paced.now = Paced.HOUR
    paced.outbox.put(parts.text_delta("t", "third"))
    paced.reader.wait_for_batches(2)
    assert [each.part for each in paced.reader.batches[1]] == [parts.text_delta("t", "second third")]
    paced.outbox.put(parts.text_delta("t", "fourth"))
    paced.not_yet(2)
    paced.outbox.end([])
    paced.reader.rest()


def test_a_delta_that_comes_after_the_interval_is_not_held_back() -> None:
    paced = Paced()
    for hour in range(3):
        paced.now = hour * Paced.HOUR
        paced.outbox.put(parts.text_delta("t", str(hour)))
        paced.reader.wait_for_batches(hour + 1)
    paced.outbox.end([])
    assert text_of(paced.reader.rest()) == "012"


def test_a_part_without_text_does_not_wait_for_the_interval() -> None:
    paced = Paced()
    paced.outbox.put(parts.text_delta("t", "first"))
    paced.reader.wait_for_batches(1)
    paced.outbox.put({"type": "text-end", "id": "t"})
    paced.reader.wait_for_batches(2)
    paced.outbox.end([])
    paced.reader.rest()


def test_the_end_is_never_held_back_and_brings_what_was() -> None:
    paced = Paced()
    paced.outbox.put(parts.text_start("t"))
    paced.outbox.put(parts.text_delta("t", "first "))
    paced.reader.wait_for_batches(1)
    paced.outbox.put(parts.text_delta("t", "last"))
    paced.not_yet(1)
    paced.outbox.end([FINISH])
    assert paced.reader.rest()[-3:] == [parts.text_delta("t", "last"), {"type": "text-end", "id": "t"}, FINISH]


def test_the_interval_passes_by_the_real_clock_without_any_news() -> None:
    outbox = Outbox(min_interval=BRIEFLY)
    outbox.put(parts.text_delta("t", "first "))
    assert outbox.take()
    outbox.put(parts.text_delta("t", "second"))
    assert text_of(each.part for each in outbox.take()) == "second"


def test_the_end_closes_what_is_open_before_the_last_parts() -> None:
    outbox = Outbox()
    for part in (
        parts.start("m", "s"),
        parts.start_step(),
        parts.reasoning_start("r"),
        parts.text_start("t"),
        {"type": "reasoning-end", "id": "r"},
    ):
        outbox.put(part)
    outbox.end([FINISH])
    assert drain(outbox)[-3:] == [{"type": "text-end", "id": "t"}, {"type": "finish-step"}, FINISH]


def test_what_was_closed_is_not_closed_again() -> None:
    outbox = Outbox()
    closed: list[Part] = [
        parts.start_step(),
        parts.text_start("t"),
        {"type": "text-end", "id": "t"},
        {"type": "finish-step"},
    ]
    for part in closed:
        outbox.put(part)
    outbox.end([FINISH])
    assert drain(outbox) == [*closed, FINISH]


def test_the_end_is_taken_over_the_bound() -> None:
    outbox = Outbox(max_pending_bytes=100)
    outbox.put(parts.text_delta("t", "x" * 200))
    outbox.end([FINISH])
    assert drain(outbox)[-1] == FINISH


@pytest.mark.parametrize("ending", ["seal", "end"])
def test_nothing_is_taken_after_the(ending: str) -> None:
    outbox = Outbox()
    outbox.put(parts.text_delta("t", "heard"))
    outbox.seal()
    if ending == "end":
        outbox.end([FINISH])
    with pytest.raises(OutboxSealed):
        outbox.put(parts.text_delta("t", "unheard"))
    if ending == "seal":
        outbox.end([FINISH])
    assert drain(outbox) == [parts.text_delta("t", "heard"), FINISH]


def test_a_reader_that_waits_is_told_of_the_end() -> None:
    outbox = Outbox()
    reader = Reader(outbox)
    outbox.end([])
    assert reader.rest() == []


def test_a_reader_that_waits_is_told_of_the_end_even_when_all_was_abandoned() -> None:
    outbox = Outbox()
    reader = Reader(outbox)
    outbox.abandon()
    outbox.put(parts.start_step())
    outbox.end([FINISH])
    assert reader.rest() == []
