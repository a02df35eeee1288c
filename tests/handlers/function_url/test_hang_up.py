"""A client that goes away: its stream runs on to its end, and nothing of it is lost."""

import asyncio
import threading

from starlette.types import Message

from shared.protocol.parts import SequencedPart
from shared.streams.journal import JournalReader
from tests.support import bedrock
from tests.support.aws import Table
from tests.support.cursors import behind
from tests.support.function_url import OWNER, Exchange, World, text
from tests.support.server import WAIT_SECONDS

LONG = "x" * 1024
"""So much of it is said after the client has gone that the outbox could not hold it."""


async def test_a_client_that_hangs_up_does_not_end_its_stream_and_nothing_is_lost(table: Table, world: World) -> None:
    gone = threading.Event()
    world.bedrock.answer = bedrock.stream(
        [
            bedrock.message_start(),
            bedrock.delta("So far"),
            gone,
            *[bedrock.delta(LONG)] * 300,
            bedrock.block_stop(),
            *bedrock.ending(),
        ]
    )

    class HangingUp(Exchange):
        async def send(self, message: Message) -> None:
            await super().send(message)
            if b"So far" in message.get("body", b""):
                self.hangs_up.set()

    exchange = HangingUp()
    await exchange.run()
    assert "[DONE]" not in exchange.body
    gone.set()
    await until_ended()
    item = table.stream(OWNER, exchange.stream_id)
    assert item is not None
    assert (item["state"], item["stopReason"], int(item["usage"]["outputTokens"])) == ("ended", "end_turn", 7)
    told = journal(exchange.stream_id)
    assert [numbered.sequence for numbered in told] == list(range(len(told)))
    assert text([numbered.part for numbered in told]) == "So far" + LONG * 300
    assert len(told) < 20, "what nobody watches is merged"
    assert told[-1].part["type"] == "finish"


async def test_a_client_that_is_gone_before_its_answer_begins_does_not_end_its_stream(
    table: Table, world: World
) -> None:
    world.bedrock.answer = bedrock.saying(*[LONG] * 300)
    exchange = Exchange()
    exchange.hangs_up.set()
    await exchange.run()
    await until_ended()
    item = table.stream(OWNER, exchange.stream_id)
    assert item is not None
    assert (item["state"], item["stopReason"]) == ("ended", "end_turn")
    assert text([numbered.part for numbered in journal(exchange.stream_id)]) == LONG * 300


async def until_ended() -> None:
    """Waits for the streams of this process."""
    for thread in threading.enumerate():
        if thread.name == "supervisor":
            await asyncio.to_thread(thread.join, WAIT_SECONDS)
            assert not thread.is_alive()


def journal(stream_id: str) -> list[SequencedPart]:
    reader = JournalReader.from_environment()
    told: list[SequencedPart] = []
    while more := reader.read(OWNER, stream_id, behind(len(told) - 1, stream_id)):
        told += more
    return told
