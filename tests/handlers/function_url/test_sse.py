"""Parts as server-sent events: one line each, whatever the text holds."""

import asyncio
import json
import threading

import pytest

from handlers.function_url import sse
from shared.protocol import parts
from shared.protocol.parts import Numbered
from shared.stream.outbox import Outbox
from tests.support.server import WAIT_SECONDS


@pytest.mark.parametrize(
    "text", ["plain", "line\nline\r\nline\rline", "data: x\n\ndata: [DONE]\n\n", "\u2028\u2029\x85", "\0", "🎈", ""]
)
def test_an_event_is_two_lines_whatever_the_text(text: str) -> None:
    event = sse.encode(Numbered(7, parts.block_delta("text", "t", text)))
    number, data, *end = event.split(b"\n")
    assert (number, end) == (b"id: 7", [b"", b""])
    assert b"\r" not in data
    assert json.loads(data.removeprefix(b"data: ")) == parts.block_delta("text", "t", text)


async def test_what_is_pending_together_leaves_as_one_piece_and_done_is_last() -> None:
    outbox = Outbox()
    outbox.put(parts.start("m", "s"))
    outbox.put(parts.start_step())
    outbox.end([parts.finish("stop", {})])
    pieces = [piece async for piece in sse.events(outbox)]
    assert [piece.count(b"data: ") for piece in pieces] == [4, 1]
    assert pieces[-1] == b"data: [DONE]\n\n"


async def test_a_reader_that_leaves_abandons_the_outbox_so_that_nobody_waits_for_it() -> None:
    outbox = Outbox(max_pending_bytes=100)
    outbox.put(parts.start("m", "s"))
    body = sse.events(outbox)
    await anext(body)
    waiting = asyncio.ensure_future(anext(body))
    await asyncio.sleep(0)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    freed = threading.Event()

    def produce() -> None:
        for _ in range(100):
            outbox.put(parts.block_delta("text", "t", "x" * 50))
        freed.set()

    threading.Thread(target=produce, daemon=True).start()
    assert await asyncio.to_thread(freed.wait, WAIT_SECONDS)
    outbox.end([])
