"""Server-sent events, as the AI SDK's default transport reads them.

https://ai-sdk.dev/docs/ai-sdk-ui/stream-protocol#data-stream-protocol
"""

import asyncio
import json
from collections.abc import AsyncIterator

from shared.protocol.parts import STREAM_VERSION_HEADER, Numbered
from shared.stream.outbox import Outbox

HEADERS = dict(
    [
        ("content-type", "text/event-stream"),
        ("cache-control", "no-cache"),
        ("x-accel-buffering", "no"),
        STREAM_VERSION_HEADER,
    ]
)
DONE = b"data: [DONE]\n\n"


def encode(numbered: Numbered) -> bytes:
    """One part as one event; its `id` is the sequence, which a client sends back as `Last-Event-ID`."""
    body = json.dumps(numbered.part, ensure_ascii=False, separators=(",", ":"))
    return f"id: {numbered.sequence}\ndata: {body}\n\n".encode()


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
