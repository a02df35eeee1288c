"""What the three clients have in common: a request, numbered parts in answer to it, and the ways in which it fails."""

import uuid
from collections.abc import AsyncGenerator, Mapping
from dataclasses import dataclass
from types import TracebackType
from typing import Literal, Protocol, Self

Architecture = Literal["function-url", "websocket", "appsync"]
ARCHITECTURES: tuple[Architecture, ...] = ("function-url", "websocket", "appsync")

Part = Mapping[str, object]
"""One UI message chunk of the AI SDK, parsed: `{"type": "text-delta", "id": "…", "delta": "…"}`."""

TERMINAL_PARTS = frozenset({"finish", "error", "abort"})
"""Types of part after which a stream holds no other."""

SILENCE_SECONDS = 60.0
"""How long a client waits for the next part before it gives up: the program's default function timeout."""

OPEN_SECONDS = 10.0
"""How long a client waits for a connection, and for each acknowledgement that comes before the first part."""


@dataclass(frozen=True)
class ChatRequest:
    """One turn of a chat, as `useChat` sends it, and the id that the client gives the stream."""

    chat_id: str
    stream_id: str
    messages: tuple[Mapping[str, object], ...]
    """UI messages of the AI SDK: `{"id", "role", "parts": [{"type": "text", "text"}]}`."""
    trigger: str = "submit-message"
    message_id: str | None = None


def chat_request(prompt: str) -> ChatRequest:
    """A new chat with `prompt` as its first message, under ids of its own."""
    message = {"id": _new_id("message"), "role": "user", "parts": [{"type": "text", "text": prompt}]}
    return ChatRequest(chat_id=_new_id("chat"), stream_id=_new_id("stream"), messages=(message,))


def _new_id(kind: str) -> str:
    return f"{kind}-{uuid.uuid4().hex}"


@dataclass(frozen=True)
class Received:
    """A part as it reached the client."""

    sequence: int
    """0-based number of the part in its stream. SSE carries none: there the parts are counted."""
    part: Part
    at_ms: float
    """Milliseconds from the sending of the request, on a connection that was already open, to this part."""
    message: int
    """0-based index of the transport message that completed the part: piece of the HTTP body, frame, AppSync update."""

    @property
    def type(self) -> str:
        return str(self.part.get("type", ""))


class ClientError(Exception):
    """A stream that did not go well. Its text is one line that a person can act on.

    ClientError
    ├── Unreachable   nothing answers at the address
    ├── Refused       the stack said no, before or (WebSocket's `error` frame) during the stream
    ├── Cut           the stream ended, or fell silent, without its terminal part
    └── Malformed     what arrived breaks the protocol
    """


class Unreachable(ClientError):
    """Nothing answers at the address, or not in time."""


class Cut(ClientError):
    """The stream ended, or fell silent, without its terminal part."""


class Malformed(ClientError):
    """What arrived breaks the protocol: not JSON, a gap in the numbering, another content type."""


class Refused(ClientError):
    """The stack said no. `code` is one of the platform's error codes, also where AWS answered in a shape of its own."""

    def __init__(self, code: str, message: str, retry_after: float | None = None, status: int | None = None) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message
        self.retry_after = retry_after
        """Seconds after which to try again, if the stack said so."""
        self.status = status
        """HTTP status, where there was one."""


class Client(Protocol):
    """Speaks with one architecture of one stack. An async context manager: entering opens the connection."""

    @property
    def architecture(self) -> Architecture: ...

    def stream(self, request: ChatRequest) -> AsyncGenerator[Received]:
        """Sends the request; yields its parts in order, the terminal one last. One at a time. Raises ClientError."""
        ...

    async def __aenter__(self) -> Self: ...

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...
