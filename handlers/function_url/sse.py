"""Server-sent events, as the AI SDK's default transport reads them.

https://ai-sdk.dev/docs/ai-sdk-ui/stream-protocol#data-stream-protocol
"""

from collections.abc import Mapping
from typing import ClassVar

from shared.protocol.parts import Numbered
from shared.protocol.parts import encode as encode_part


class ServerSentEvents:
    """One part is one event; its `id` is the sequence, which a client sends back as `Last-Event-ID`."""

    headers: ClassVar[Mapping[str, str]] = {
        "content-type": "text/event-stream",
        "cache-control": "no-cache",
        "x-accel-buffering": "no",
        "x-vercel-ai-ui-message-stream": "v1",
    }
    keep_alive: ClassVar[bytes] = b": keep-alive\n\n"
    end: ClassVar[bytes] = b"data: [DONE]\n\n"

    def encode(self, numbered: Numbered) -> bytes:
        """Two lines and an empty one, whatever the text holds."""
        return f"id: {numbered.sequence}\ndata: {encode_part(numbered.part)}\n\n".encode()
