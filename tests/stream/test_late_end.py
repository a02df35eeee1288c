"""The end of a stream whose worker was killed, for readers who have more of it than its journal."""

import pytest

from shared.errors import Internal
from shared.protocol import parts
from shared.protocol.parts import Numbered, Part
from shared.stream.journal import Journal, JournalReader
from shared.stream.reaper import Reaper
from shared.stream.tail import Reading, Tail
from tests.support.aws import Table
from tests.support.server import WAIT_SECONDS
from tests.support.starts import CHAT, OWNER, STREAM, registry, running, table_client, within

SAID: list[Part] = [parts.start("msg-1", STREAM), parts.start_step(), parts.block_start("text", "t")]
END: list[Part] = [
    parts.block_end("text", "t"),
    {"type": "finish-step"},
    *parts.failure(Internal("The answer broke off."), {"streamId": STREAM}),
]
TERMINAL = len(SAID) + len(END) - 1


def journal(told: list[Part], first: int = 0) -> None:
    writer = Journal(table_client(), OWNER, STREAM, on_lost=lambda: None)
    writer.append([Numbered(first + index, part) for index, part in enumerate(told)])
    assert writer.close(within(WAIT_SECONDS))


def reading(after: int) -> Reading:
    tail = Tail(JournalReader(table_client()), registry())
    return tail.follow(OWNER, STREAM, after=after, until=within(WAIT_SECONDS))


@pytest.mark.parametrize("after", [TERMINAL + 1, TERMINAL + 50])
def test_a_reader_who_has_more_than_the_journal_gets_what_tells_of_the_end(after: int, table: Table) -> None:  # noqa: ARG001
    running()
    journal(SAID)
    journal(END, len(SAID))
    read = reading(after)
    assert list(read) == [[Numbered(TERMINAL - 2 + index, part) for index, part in enumerate(END[2:])]]
    assert read.complete


@pytest.mark.parametrize("after", range(len(SAID), TERMINAL))
def test_a_reader_who_lacks_some_of_the_end_gets_that(after: int, table: Table) -> None:  # noqa: ARG001
    running()
    journal([*SAID, *END])
    read = reading(after)
    assert [numbered.sequence for batch in read for numbered in batch] == list(range(after + 1, TERMINAL + 1))
    assert read.complete


def test_a_reader_who_names_the_terminal_part_has_all(table: Table) -> None:  # noqa: ARG001
    running()
    journal([*SAID, *END])
    read = reading(TERMINAL)
    assert list(read) == []
    assert read.complete


@pytest.mark.parametrize("last", [parts.finish("stop", {}), parts.abort("cancelled")])
def test_of_another_end_the_last_parts_are_given_out_as_well(last: Part, table: Table) -> None:  # noqa: ARG001
    running()
    journal([*SAID, parts.message_metadata({}), last])
    assert [numbered.part for batch in reading(60) for numbered in batch] == [parts.message_metadata({}), last]


def test_the_reaper_ends_a_stream_below_what_a_reader_has_while_it_reads(table: Table) -> None:
    running()
    journal(SAID)
    read = Tail(JournalReader(table_client()), registry()).follow(
        OWNER, STREAM, after=60, until=within(WAIT_SECONDS), beat=0.0
    )
    assert next(read) == []
    table.change(f"user#{OWNER}", f"slot#{CHAT}", leaseExpiresAt=1, startedAt=1)
    [reaped] = Reaper(registry(), JournalReader(table_client())).sweep("websocket")
    assert [batch for batch in read if batch] == [reaped.terminal[-3:]]
    assert read.complete


@pytest.mark.parametrize("after", [-1, 2, 60])
def test_without_a_terminal_part_nobody_is_told_to_have_all(after: int, table: Table) -> None:  # noqa: ARG001
    start = running()
    journal(SAID)
    assert registry().end(start, {}, [])
    read = reading(after)
    assert [numbered.part for batch in read for numbered in batch] == SAID[after + 1 :]
    assert not read.complete


def test_an_end_whose_terminal_part_is_missing_is_none(table: Table) -> None:  # noqa: ARG001
    start = running()
    journal([*SAID, *END[:-1]])
    assert registry().end(start, {}, [])
    read = reading(60)
    assert list(read) == []
    assert not read.complete
