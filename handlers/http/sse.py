"""Server-sent events, as the AI SDK's default transport reads them.

https://ai-sdk.dev/docs/ai-sdk-ui/stream-protocol#data-stream-protocol
"""

from collections.abc import Mapping
from typing import ClassVar

from shared.protocol.cursor import Cursor
from shared.protocol.parts import Part
from shared.protocol.parts import encode as encode_part


class ServerSentEvents:
    """One part is one event; its `id` is the cursor, which a client sends back as `Last-Event-ID`."""

    headers: ClassVar[Mapping[str, str]] = {
        "content-type": "text/event-stream",
        "cache-control": "no-cache",
        "x-accel-buffering": "no",
        "x-vercel-ai-ui-message-stream": "v1",
    }
    keep_alive: ClassVar[bytes] = b": keep-alive\n\n"
    end: ClassVar[bytes] = b"data: [DONE]\n\n"

    def encode(self, part: Part, cursor: Cursor | None, /) -> bytes:
        """One line or two, and an empty one, whatever the text holds."""
        place = f"id: {cursor}\n" if cursor else ""
        return f"{place}data: {encode_part(part)}\n\n".encode()
