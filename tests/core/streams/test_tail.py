"""A tail: what was said, then what is being said, to the end, from wherever its reader begins."""

import threading
from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.contract.limits import KEEP_ALIVE_SECONDS
from shared.errors import Busy
from shared.protocol import parts
from shared.protocol.cursor import Cursor
from shared.protocol.parts import Part, SequencedPart
from shared.streams.journal import JournalReader
from shared.streams.repository import StreamRepository
from shared.streams.tail import LOOK_SECONDS, POLL_SECONDS, Reading, Tail
from tests.support.aws import Table
from tests.support.cursors import behind
from tests.support.logs import Logs
from tests.support.models import ScriptedModel, spoken
from tests.support.outboxes import merged, text_of, unnumbered
from tests.support.runs import begun, journaled
from tests.support.server import WAIT_SECONDS
from tests.support.starts import OWNER, STREAM, repository, running, table_client, used, within
from tests.support.tables import WatchedTable

FINISH = parts.finish("stop", {})


class Script:
    """A journal that grows, and a record that ends, while a reader pauses; the clock moves by the pauses alone."""

    def __init__(self, *steps: Sequence[int] | str) -> None:
        """Each poll finds one step more: items of these numbers of parts, or `ended`."""
        self.now = 0.0
        self.state = "started"
        self.items: list[list[SequencedPart]] = []
        self.looks = 0
        self.reading: Reading | None = None
        self._steps = list(steps)

    def grow(self) -> None:
        step = self._steps.pop(0) if self._steps else ()
        if step == "ended":
            self.state = "ended"
            return
        for size in step:
            first = sum(map(len, self.items))
            self.items.append([SequencedPart(first + index, parts.start_step()) for index in range(int(size))])

    def pause(self, seconds: float) -> None:
        assert 0 <= seconds <= POLL_SECONDS
        self.now += seconds
        self.grow()

    def page(self, owner: str, stream_id: str, first: int) -> list[SequencedPart]:  # noqa: ARG002
        starts = [item[0].sequence for item in self.items]
        return [each for item in self.items[starts.index(first) :] for each in item] if first in starts else []

    def beginning(self, owner: str, stream_id: str, after: Cursor | None) -> int:  # noqa: ARG002
        due = after.sequence + 1 if after else 0
        return max((item[0].sequence for item in self.items if item[0].sequence <= due), default=0)

    def record(self, owner: str, stream_id: str) -> "Script":  # noqa: ARG002
        self.looks += 1
        return self

    def follow(self, *, after: int = -1, until: float = 3600.0, **options: Any) -> list[list[int]]:
        """The sequences of the batches."""
        self.grow()
        tail = Tail(self, self, clock=lambda: self.now, pause=self.pause)  # pyright: ignore
        self.reading = tail.follow(OWNER, STREAM, after=behind(after), until=until, **options)
        return [[numbered.sequence for numbered in batch] for batch in iter(self.reading.take, None)]

    @property
    def complete(self) -> bool:
        """Whether the reader was told that it has all."""
        assert self.reading is not None
        return self.reading.complete


@given(st.lists(st.lists(st.integers(1, 4), max_size=3), max_size=6), st.integers(-1, 20))
def test_wherever_a_reader_begins_it_gets_each_part_once_in_order(growth: list[list[int]], after: int) -> None:
    script = Script(*growth, "ended")
    batches = script.follow(after=after)
    assert not script.complete, "it has no terminal part"
    total = sum(sum(step) for step in growth)
    assert [sequence for batch in batches for sequence in batch] == list(range(after + 1, total))
    assert [] not in batches


def test_a_reader_is_ahead_of_the_journal_when_it_got_the_parts_from_the_worker_itself() -> None:
    assert Script([3], [], [4], [2], "ended").follow(after=5) == [[6], [7, 8]]


def test_a_tail_ends_with_the_terminal_part_without_asking_for_the_record() -> None:
    script = Script([1])
    script.items = [[SequencedPart(0, parts.start_step()), SequencedPart(1, FINISH)]]
    script._steps = []
    assert script.follow() == [[0, 1]]
    assert script.complete
    assert script.looks == 0


def test_a_reader_that_has_all_is_not_kept_waiting() -> None:
    script = Script()
    script.items = [[SequencedPart(0, parts.start_step()), SequencedPart(1, FINISH)]]
    assert script.follow(after=1) == []
    assert script.complete
    assert script.now == 0.0


def test_a_tail_ends_when_its_time_is_over() -> None:
    script = Script([1])
    assert script.follow(until=1.1) == [[0]]
    assert script.now == pytest.approx(1.1)
    assert not script.complete


def test_a_tail_that_is_stopped_ends_within_a_second_or_so() -> None:
    asked: list[float] = []
    script = Script(*[[1]] * 100)

    def stopped() -> bool:
        asked.append(script.now)
        return len(asked) == 2

    assert len(script.follow(stopped=stopped)) < 20
    assert asked == [pytest.approx(LOOK_SECONDS), pytest.approx(2 * LOOK_SECONDS)]


def test_a_silent_stream_says_that_the_connection_is_to_be_kept_alive() -> None:
    polls = int(2 * KEEP_ALIVE_SECONDS / POLL_SECONDS)
    script = Script([1], *[[]] * (polls - 1), [1])
    assert script.follow(until=4 * KEEP_ALIVE_SECONDS - 1) == [[0], [], [1], []]


def test_what_was_flushed_just_before_the_end_is_read_after_it() -> None:
    # The record is looked at between two polls: the last flushes are there, but have not been read.
    class Late(Script):
        def record(self, owner: str, stream_id: str) -> Script:
            self.items += [[SequencedPart(1, parts.start_step())], [SequencedPart(2, parts.start_step())]]
            self.state = "ended"
            return super().record(owner, stream_id)

        def page(self, owner: str, stream_id: str, first: int) -> list[SequencedPart]:
            return super().page(owner, stream_id, first)[:1]  # a page holds a megabyte

    script = Late([1])
    assert script.follow() == [[0], [1], [2]]


def test_a_read_that_fails_does_not_say_that_nothing_more_comes() -> None:
    class Failing(Script):
        failing = 0

        def record(self, owner: str, stream_id: str) -> Script:
            self.items, self.state, self.failing = [*self.items, [SequencedPart(1, FINISH)]], "ended", 2
            return super().record(owner, stream_id)

        def page(self, owner: str, stream_id: str, first: int) -> list[SequencedPart]:
            if self.failing:
                self.failing -= 1
                raise Busy
            return super().page(owner, stream_id, first)

    script = Failing([1])
    assert script.follow() == [[0], [1]]
    assert script.complete
    assert script.now == pytest.approx(LOOK_SECONDS + 2 * POLL_SECONDS), "a table that fails is given a pause"


@pytest.mark.usefixtures("impatient")
def test_a_tail_survives_a_table_that_fails_for_a_while(table: Table, logs: Logs) -> None:  # noqa: ARG001
    run = begun(ScriptedModel(*spoken("Hello")))
    run.detach()
    run.join()
    watched = WatchedTable()
    watched.fail("Query", times=6)
    tail = Tail(JournalReader(watched), StreamRepository(watched), pause=lambda _: None)
    batches = list(iter(tail.follow(OWNER, STREAM, until=within(WAIT_SECONDS)).take, None))
    assert text_of(unnumbered(batches)) == "Hello"
    assert logs.lines("reading the journal failed")


def test_two_readers_follow_a_live_stream_to_its_end_and_read_the_same(table: Table) -> None:  # noqa: ARG001
    following = threading.Barrier(3)
    read: list[list[Part]] = []

    def follow() -> None:
        batches: list[list[SequencedPart]] = []
        reading = Tail(JournalReader(table_client()), repository()).follow(OWNER, STREAM, until=within(WAIT_SECONDS))
        for batch in iter(reading.take, None):
            if not batches:
                following.wait(WAIT_SECONDS)
            batches.append(batch)
        read.append(unnumbered(batches))

    readers = [threading.Thread(target=follow) for _ in range(2)]
    go_on = threading.Event()
    beginning, *rest = spoken("Hello ", "world")
    run = begun(ScriptedModel(beginning, go_on, *rest))
    for reader in readers:
        reader.start()
    run.detach()
    following.wait(WAIT_SECONDS)
    go_on.set()
    for reader in readers:
        reader.join(WAIT_SECONDS)
    assert read == [journaled()] * 2
    assert text_of(merged(read[0])) == "Hello world"


@pytest.mark.parametrize("state", ["unknown", "ended"])
def test_a_stream_without_parts_that_does_not_run_is_not_waited_for(state: str, table: Table) -> None:  # noqa: ARG001
    if state == "ended":
        repository().end(running(), used(), [])
    paused: list[float] = []
    tail = Tail(JournalReader(table_client()), repository(), clock=lambda: sum(paused), pause=paused.append)
    assert tail.follow(OWNER, STREAM, until=3600.0).take() is None
    assert sum(paused) == pytest.approx(LOOK_SECONDS)
