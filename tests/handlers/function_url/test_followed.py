"""Where parts come from, and what becomes of a source that is left."""

import threading
import time

import pytest

from shared.contract.tiers import Tier
from shared.errors import Internal
from shared.generation.journal_writer import JournalWriter
from shared.protocol import parts
from shared.protocol.parts import SequencedPart
from shared.protocol.request import ChatRequest
from shared.streams.admission import Admission
from shared.streams.repository import StreamRepository
from shared.streams.start import StreamStart
from shared.streams.tail import Tail
from shared.table.client import TableClient
from tests.support.cursors import behind
from tests.support.function_url import OWNER, World, chat
from tests.support.server import WAIT_SECONDS
from tests.support.starts import used

END = parts.failure(Internal("The answer broke off."), {"streamId": "s-1"})
TOLD = [parts.start("msg-1", "s-1"), parts.start_step(), *END]


def begin() -> StreamStart:
    start = Admission.from_environment().admit(
        OWNER, ChatRequest.from_client(chat()), tier=Tier.FREE, stream_id="s-1", correlation_id="c", running=True
    )
    assert isinstance(start, StreamStart)
    return start


def end(told: list[parts.Part]) -> None:
    """A stream that has ended, with this journal."""
    start = begin()
    journal = JournalWriter(TableClient.from_environment(), OWNER, "s-1", on_lost=lambda: None)
    journal.append([SequencedPart(sequence, part) for sequence, part in enumerate(told)])
    assert journal.close(time.monotonic() + WAIT_SECONDS)
    assert StreamRepository.from_environment().end(start, used(), [])


def read(after: int) -> tuple[list[int], bool]:
    """The sequences that a reader gets, and whether its body has an end."""
    until = time.monotonic() + WAIT_SECONDS
    source = Tail.from_environment().follow(OWNER, "s-1", after=behind(after, "s-1"), until=until)
    sequences: list[int] = []
    while (batch := source.take()) is not None:
        sequences += [numbered.sequence for numbered in batch]
    return sequences, source.complete


@pytest.mark.parametrize("after", [-1, 1, 60])
def test_a_journal_without_a_terminal_part_is_not_complete(after: int, world: World) -> None:  # noqa: ARG001
    end(TOLD[:2])
    assert read(after) == (list(range(after + 1, 2)), False)


@pytest.mark.parametrize(("after", "told"), [(-1, [0, 1, 2, 3, 4]), (3, [4]), (4, [])])
def test_a_reader_is_complete_with_the_terminal_part_wherever_it_stands(
    after: int,
    told: list[int],
    world: World,  # noqa: ARG001
) -> None:
    end(TOLD)
    assert read(after) == (told, True)


def test_a_reader_that_has_left_reads_no_more(world: World) -> None:  # noqa: ARG001
    begin()
    silent = Tail.from_environment().follow(OWNER, "s-1", until=time.monotonic() + 3600)
    taken: list[list[SequencedPart] | None] = []
    reader = threading.Thread(target=lambda: taken.append(silent.take()), daemon=True)
    reader.start()
    silent.detach()
    reader.join(WAIT_SECONDS)
    assert taken == [None], "it was left before it would have told of the silence"
