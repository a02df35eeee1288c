"""Streams whose worker died: what they had said, and the reaper that ends them."""

from shared.generation.journal_writer import JournalWriter
from shared.protocol import parts
from shared.protocol.parts import Part, SequencedPart
from shared.streams.journal import JournalReader
from shared.streams.reaper import Reaper
from shared.streams.start import StreamStart
from tests.support.aws import Table
from tests.support.server import WAIT_SECONDS
from tests.support.starts import CHAT, OWNER, STREAM, repository, running, table_client, within

SAID: list[Part] = [
    parts.start(f"msg-{STREAM}", STREAM),
    parts.start_step(),
    parts.block_start("text", "t"),
    parts.block_delta("text", "t", "So far and no"),
]


def reaper() -> Reaper:
    return Reaper(repository(), JournalReader(table_client()))


def journal(said: list[Part], first: int = 0, stream_id: str = STREAM) -> None:
    """What the worker wrote before it died."""
    writer = JournalWriter(table_client(), OWNER, stream_id, on_lost=lambda: None)
    writer.append([SequencedPart(first + index, part) for index, part in enumerate(said)])
    assert writer.close(within(WAIT_SECONDS))


def died(table: Table, said: list[Part] = SAID, stream_id: str = STREAM, prompt: str = "Why?") -> StreamStart:
    """A stream whose worker has said so much, and whose lease has run out."""
    start = running(stream_id, prompt)
    if said:
        journal(said, stream_id=stream_id)
    table.change(f"user#{OWNER}", f"lease#{CHAT}", leaseExpiresAt=1, startedAt=1)
    return start
