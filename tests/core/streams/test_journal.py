"""The journal: what was numbered is written once, in order, by one writer, and read without a gap."""

import json
import threading
import time
import zlib
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.generation import journal_writer
from shared.generation.journal_writer import MAX_UNWRITTEN_BYTES, JournalWriter
from shared.protocol import parts
from shared.protocol.parts import SequencedPart
from shared.streams.journal import JournalReader, journal_put
from shared.streams.records import KEPT_SECONDS
from shared.table.attributes import from_attributes
from shared.table.keys import parts_key
from shared.table.writes import put
from tests.support.aws import Table
from tests.support.cursors import behind
from tests.support.logs import Logs
from tests.support.server import WAIT_SECONDS
from tests.support.starts import OWNER, STREAM, within
from tests.support.tables import WatchedTable

HOUR = 3600.0


def said(*words: str, first: int = 0) -> list[SequencedPart]:
    """Deltas with these texts, numbered from there."""
    return [SequencedPart(first + index, parts.block_delta("text", "t", word)) for index, word in enumerate(words)]


class Writer:
    """A journal whose flushes are an hour apart, or as the test says."""

    def __init__(self, flush_seconds: float = HOUR) -> None:
        self.table = WatchedTable()
        self.lost = threading.Event()
        self.journal = JournalWriter(self.table, OWNER, STREAM, on_lost=self.lost.set, flush_seconds=flush_seconds)

    def close(self, seconds: float = WAIT_SECONDS) -> bool:
        return self.journal.close(within(seconds))


def read(after: int = -1) -> list[SequencedPart]:
    return JournalReader(WatchedTable()).read(OWNER, STREAM, behind(after))


def keys() -> list[int]:
    """The first sequences of the items that are there."""
    reader = JournalReader(WatchedTable())
    return sorted({reader.beginning(OWNER, STREAM, behind(sequence)) for sequence in range(-1, len(read()) - 1)})


def put_item(table: WatchedTable, batch: Sequence[SequencedPart], expires_in: float = HOUR) -> None:
    """Of another writer."""
    item = {"expiresAt": int(time.time() + expires_in)}
    written = journal_put(OWNER, STREAM, batch, "another").arguments["Item"]
    table.write(put({**from_attributes(written), **item}))


def test_what_was_appended_is_read_back(table: Table) -> None:  # noqa: ARG001
    writer = Writer()
    writer.journal.append(said("Why ", "🎈\0", "not?"))
    assert writer.close()
    assert read() == said("Why ", "🎈\0", "not?")


def test_the_first_parts_are_written_at_once_and_what_follows_as_one_item(table: Table) -> None:  # noqa: ARG001
    writer = Writer()
    held, free = writer.table.hold("PutItem")
    writer.journal.append(said("first"))
    assert held.wait(WAIT_SECONDS)
    writer.journal.append(said("a", "b", first=1))
    writer.journal.append(said("c", first=3))
    free.set()
    assert writer.close()
    assert [numbered.sequence for numbered in read()] == [0, 1, 2, 3]
    assert keys() == [0, 1]
    assert writer.table.requests == ["PutItem", "PutItem"]


def test_an_interval_passes_between_two_writes(table: Table) -> None:  # noqa: ARG001
    writer = Writer()
    held, free = writer.table.hold("PutItem")
    free.set()
    writer.journal.append(said("first"))
    assert held.wait(WAIT_SECONDS)
    held.clear()
    writer.journal.append(said("second", first=1))
    assert not held.wait(0.1)
    assert writer.close()


def test_so_much_text_as_fills_an_item_does_not_wait_for_the_interval(table: Table) -> None:  # noqa: ARG001
    writer = Writer()
    written = threading.Semaphore(0)
    writer.table.client.meta.events.register("after-call.dynamodb.PutItem", lambda **_: written.release())
    writer.journal.append(said("first"))
    assert written.acquire(timeout=WAIT_SECONDS)
    writer.journal.append(said("x" * 100_000, "y" * 100_000, "z" * 100_000, "a" * 100_000, first=1))
    assert written.acquire(timeout=WAIT_SECONDS)
    assert writer.close()
    assert read() == said("first", "x" * 100_000, "y" * 100_000, "z" * 100_000, "a" * 100_000)
    assert max(keys()) > 1


def test_a_write_whose_answer_was_lost_is_repeated_as_it_was_and_found(table: Table) -> None:  # noqa: ARG001
    writer = Writer(flush_seconds=0.0)
    lost_once = threading.Event()

    def lose_the_answer(**_: object) -> None:
        if not lost_once.is_set():
            lost_once.set()
            writer.journal.append(said("second", first=1))  # while the first is not known to be written
            raise ConnectionError("the answer is lost")

    writer.table.client.meta.events.register("after-call.dynamodb.PutItem", lose_the_answer)
    writer.journal.append(said("first"))
    assert lost_once.wait(WAIT_SECONDS)
    assert writer.close()
    assert not writer.lost.is_set()
    assert read() == said("first", "second")
    assert keys() == [0, 1]


def test_who_loses_a_put_has_lost_the_stream_and_writes_no_more(table: Table, logs: Logs) -> None:  # noqa: ARG001
    writer = Writer(flush_seconds=0.0)
    put_item(writer.table, [SequencedPart(0, parts.finish("error", {}))])
    writer.journal.append(said("mine"))
    assert writer.lost.wait(WAIT_SECONDS)
    writer.journal.append(said("mine", first=1))
    assert not writer.close()
    assert [numbered.part["type"] for numbered in read()] == ["finish"]
    assert logs.lines("another has ended the stream")


def test_who_waits_for_the_end_of_a_lost_journal_is_told_after_the_loss(table: Table) -> None:  # noqa: ARG001
    watched = WatchedTable()
    put_item(watched, [SequencedPart(0, parts.finish("error", {}))])
    losing, told, closed = threading.Event(), threading.Event(), threading.Event()

    def lose() -> None:
        losing.set()
        assert told.wait(WAIT_SECONDS)

    journal = JournalWriter(watched, OWNER, STREAM, on_lost=lose)
    journal.append(said("mine"))

    def close() -> None:
        journal.close(within(WAIT_SECONDS))
        closed.set()

    threading.Thread(target=close).start()
    assert losing.wait(WAIT_SECONDS)
    assert not closed.wait(0.1)
    told.set()
    assert closed.wait(WAIT_SECONDS)


def test_of_two_who_put_at_the_same_key_one_wins(table: Table) -> None:  # noqa: ARG001
    together = threading.Barrier(2)
    writers = [Writer(), Writer()]

    def write(writer: Writer, word: str) -> None:
        together.wait(WAIT_SECONDS)
        writer.journal.append(said(word))

    threads = [threading.Thread(target=write, args=[writer, str(n)]) for n, writer in enumerate(writers)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(WAIT_SECONDS)
    won = [writer.close() for writer in writers]
    assert sorted(won) == [False, True]
    assert read() == said(str(won.index(True)))


@pytest.mark.usefixtures("impatient")
def test_a_table_that_fails_for_a_while_loses_nothing(table: Table, logs: Logs) -> None:  # noqa: ARG001
    writer = Writer(flush_seconds=0.0)
    writer.table.fail("PutItem", times=3)
    writer.journal.append(said("first"))
    writer.journal.append(said("second", first=1))
    assert writer.close()
    assert read() == said("first", "second")
    assert logs.lines("writing the journal failed")


def test_a_table_that_hangs_is_not_waited_for_beyond_its_time(table: Table, logs: Logs) -> None:  # noqa: ARG001
    writer = Writer()
    held, free = writer.table.hold("PutItem")
    writer.journal.append(said("first"))
    assert held.wait(WAIT_SECONDS)
    assert not writer.close(seconds=0.05)
    free.set()
    assert writer.journal._thread is not None
    writer.journal._thread.join(WAIT_SECONDS)  # or its put would be made in the next test
    assert not writer.lost.is_set()
    assert logs.lines("the journal gives up: its last write takes too long")


@pytest.mark.usefixtures("impatient")
def test_a_journal_that_cannot_be_written_for_long_gives_up_and_ends_at_a_gap(
    table: Table,  # noqa: ARG001
    logs: Logs,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(journal_writer, "RETRY_SECONDS", 0.0)
    writer = Writer()
    writer.table.fail("PutItem")
    piece = "x" * 100_000
    for sequence in range(MAX_UNWRITTEN_BYTES // len(piece) + 1):
        writer.journal.append(said(piece, first=sequence))
    writer.table.before = lambda _: None
    writer.journal.append(said("after the gap", first=100))
    assert not writer.close()
    # A write that was under way when the table came back may have been made: it is before the gap.
    assert 100 not in [numbered.sequence for numbered in read()]
    assert not writer.lost.is_set()
    assert logs.lines("the journal gives up: too much is unwritten")


def test_a_journal_without_a_part_is_complete(table: Table) -> None:  # noqa: ARG001
    writer = Writer()
    assert writer.close()
    assert writer.table.requests == []


def test_an_item_is_kept_for_a_day(table: Table) -> None:  # noqa: ARG001
    writer = Writer()
    writer.journal.append(said("first"))
    assert writer.close()
    item = writer.table.get(parts_key(OWNER, STREAM, 0))
    assert item is not None
    assert item["expiresAt"] == pytest.approx(time.time() + KEPT_SECONDS, abs=60)


@given(st.lists(st.integers(1, 4), min_size=1, max_size=6), st.integers(-1, 30))
def test_wherever_a_reader_begins_it_reads_all_that_follows(sizes: list[int], after: int) -> None:
    reader = JournalReader(ItemsInMemory(sizes))  # pyright: ignore
    read = reader.read(OWNER, STREAM, behind(after))
    assert [numbered.sequence for numbered in read] == list(range(after + 1, sum(sizes)))


def packed(size: int) -> bytes:
    return zlib.compress(json.dumps([parts.start_step()] * size).encode())


class ItemsInMemory:
    """Answers the two queries of a reader as the table would, from items of these numbers of parts."""

    def __init__(self, sizes: list[int]) -> None:
        self._items = [
            {**parts_key(OWNER, STREAM, first), "epoch": 0, "parts": packed(size)}
            for first, size in ((sum(sizes[:index]), size) for index, size in enumerate(sizes))
        ]

    def pages(self, **query: object) -> object:
        found = [item for item in self._items if str(query[":first"]) <= str(item["sk"]) <= str(query[":last"])]
        backwards = query.get("ScanIndexForward") is False
        yield list(reversed(found))[:1] if backwards else found


def test_a_reader_stops_before_a_gap(table: Table) -> None:  # noqa: ARG001
    items = WatchedTable()
    put_item(items, said("a", "b"))
    put_item(items, said("d", first=3))
    assert read() == said("a", "b")
    assert read(after=1) == []


def test_a_stream_that_nobody_wrote_has_no_parts(table: Table) -> None:  # noqa: ARG001
    assert (read(), read(after=7)) == ([], [])


def test_what_has_expired_is_written_over_and_not_read(table: Table) -> None:  # noqa: ARG001
    writer = Writer(flush_seconds=0.0)
    for first, word in enumerate("abcdef"):
        put_item(writer.table, said(word, first=first), expires_in=-5)
    assert (read(), read(after=3)) == ([], [])
    writer.journal.append(said("x", "y", "z"))
    assert writer.close()
    assert not writer.lost.is_set()
    assert read() == said("x", "y", "z")
    assert read(after=1) == said("z", first=2)
    assert read(after=4) == []


def test_the_item_of_a_part_is_none_that_has_expired(table: Table) -> None:  # noqa: ARG001
    items = WatchedTable()
    for first in range(7):
        put_item(items, said("new" if first in (0, 2) else "old", first=first), HOUR if first in (0, 2) else -5)
    reader = JournalReader(items)
    assert [reader.beginning(OWNER, STREAM, behind(sequence)) for sequence in range(-1, 6)] == [0, 0, 2, 2, 2, 2, 2]
