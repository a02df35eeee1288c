"""Server-sent events, as the AI SDK's default transport reads them.

https://ai-sdk.dev/docs/ai-sdk-ui/stream-protocol#data-stream-protocol
"""

import asyncio
from collections.abc import AsyncIterator

from shared.protocol.parts import Numbered
from shared.protocol.parts import encode as encode_part
from shared.stream.outbox import Outbox

HEADERS = {
    "content-type": "text/event-stream",
    "cache-control": "no-cache",
    "x-accel-buffering": "no",
    "x-vercel-ai-ui-message-stream": "v1",
}
DONE = b"data: [DONE]\n\n"


def encode(numbered: Numbered) -> bytes:
    """One part as one event; its `id` is the sequence, which a client sends back as `Last-Event-ID`."""
    return f"id: {numbered.sequence}\ndata: {encode_part(numbered.part)}\n\n".encode()


async def events(outbox: Outbox) -> AsyncIterator[bytes]:
    """The body of a response: each batch as soon as it is there, then `[DONE]`.

    A client that goes away ends this, not the stream: Lambda runs on, and so does the model.
    """
    try:
        while batch := await asyncio.to_thread(outbox.take):
            yield b"".join(encode(numbered) for numbered in batch)
        yield DONE
    finally:
        outbox.abandon()
