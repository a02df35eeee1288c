"""The end of a stream whose worker was killed, for readers who have more of it than its journal.

The worker numbered and delivered parts that it had not journaled yet; the reaper numbers the end from where the journal
stops. So a number of the worker's and a number of the reaper's may be the same and mean two parts.
"""

import pytest

from shared.errors import Internal
from shared.generation.journal_writer import JournalWriter
from shared.protocol import parts
from shared.protocol.parts import REAPER_EPOCH, WORKER_EPOCH, Part, SequencedPart
from shared.streams.journal import JournalReader
from shared.streams.reaper import Reaper
from shared.streams.tail import Reading, Tail
from tests.support.aws import Table
from tests.support.cursors import behind
from tests.support.server import WAIT_SECONDS
from tests.support.starts import CHAT, OWNER, STREAM, repository, running, table_client, used, within

SAID: list[Part] = [parts.start("msg-1", STREAM), parts.start_step(), parts.block_start("text", "t")]
END: list[Part] = [
    parts.block_end("text", "t"),
    {"type": "finish-step"},
    *parts.failure(Internal("The answer broke off."), {"streamId": STREAM}),
]
TOLD_OF_IT = END[2:]
TERMINAL = len(SAID) + len(END) - 1

pytestmark = pytest.mark.usefixtures("table")


def journal(told: list[Part], first: int = 0, epoch: int = WORKER_EPOCH) -> None:
    writer = JournalWriter(table_client(), OWNER, STREAM, on_lost=lambda: None)
    writer.append([SequencedPart(first + index, part, epoch) for index, part in enumerate(told)])
    assert writer.close(within(WAIT_SECONDS))


def reading(after: int, epoch: int = WORKER_EPOCH) -> Reading:
    tail = Tail(JournalReader(table_client()), repository())
    return tail.follow(OWNER, STREAM, after=behind(after, epoch=epoch), until=within(WAIT_SECONDS))


@pytest.mark.parametrize("after", [*range(len(SAID), TERMINAL + 2), TERMINAL + 50])
def test_a_reader_who_has_more_than_the_journal_gets_what_tells_of_the_end_whatever_its_number(after: int) -> None:
    """At TERMINAL the reader has a delta of the worker's with the number that the reaper has given to the last part."""
    running()
    journal(SAID)
    journal(END, len(SAID), REAPER_EPOCH)
    read = reading(after)
    assert [numbered.part for batch in iter(read.take, None) for numbered in batch] == TOLD_OF_IT
    assert read.complete


@pytest.mark.parametrize("after", range(-1, len(SAID)))
def test_a_reader_who_has_no_more_than_the_journal_gets_the_whole_end(after: int) -> None:
    running()
    journal(SAID)
    journal(END, len(SAID), REAPER_EPOCH)
    assert [numbered.part for batch in iter(reading(after).take, None) for numbered in batch] == [*SAID, *END][
        after + 1 :
    ]


@pytest.mark.parametrize("after", range(len(SAID), TERMINAL + 1))
def test_a_reader_who_was_cut_within_the_end_gets_the_rest_of_it(after: int) -> None:
    running()
    journal(SAID)
    journal(END, len(SAID), REAPER_EPOCH)
    read = reading(after, REAPER_EPOCH)
    assert [numbered.part for batch in iter(read.take, None) for numbered in batch] == [*SAID, *END][after + 1 :]
    assert read.complete


def test_a_reader_who_has_the_terminal_part_of_a_worker_has_all() -> None:
    running()
    journal([*SAID, *END])
    read = reading(TERMINAL)
    assert read.take() is None
    assert read.complete


@pytest.mark.parametrize("after", [TERMINAL, 60])
def test_the_reaper_ends_a_stream_below_what_a_reader_has_while_it_reads(
    after: int, table: Table, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("shared.streams.tail.KEEP_ALIVE_SECONDS", 0.0)
    running()
    journal(SAID)
    read = Tail(JournalReader(table_client()), repository()).follow(
        OWNER, STREAM, after=behind(after), until=within(WAIT_SECONDS)
    )
    assert read.take() == []
    table.change(f"user#{OWNER}", f"lease#{CHAT}", leaseExpiresAt=1, startedAt=1)
    [reaped] = Reaper(repository(), JournalReader(table_client())).sweep("websocket")
    assert [batch for batch in iter(read.take, None) if batch] == [reaped.terminal[-3:]]
    assert read.complete


@pytest.mark.parametrize("after", [-1, 2, 60])
def test_without_a_terminal_part_nobody_is_told_to_have_all(after: int) -> None:
    start = running()
    journal(SAID)
    assert repository().end(start, used(), [])
    read = reading(after)
    assert [numbered.part for batch in iter(read.take, None) for numbered in batch] == SAID[after + 1 :]
    assert not read.complete


def test_an_end_whose_terminal_part_is_missing_is_none() -> None:
    start = running()
    journal([*SAID, *END[:-1]])
    assert repository().end(start, used(), [])
    read = reading(60)
    assert read.take() is None
    assert not read.complete
