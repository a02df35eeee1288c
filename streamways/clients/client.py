"""What the three clients have in common: a request, numbered parts in answer to it, and the chats."""

import uuid
from collections.abc import AsyncGenerator, Mapping
from dataclasses import dataclass
from types import TracebackType
from typing import Protocol, Self

from shared.contract.architectures import DESCRIPTORS
from shared.contract.usage import Rating
from streamways.clients.chats import Chat, ChatSummary, Invitation, Page
from streamways.clients.limits import UserLimits

Architecture = str
"""Name of an architecture: one of `ARCHITECTURES`."""
ARCHITECTURES: tuple[Architecture, ...] = tuple(DESCRIPTORS)

Part = Mapping[str, object]
"""One UI message chunk of the AI SDK, parsed: `{"type": "text-delta", "id": "…", "delta": "…"}`."""

SILENCE_SECONDS = 60.0
"""How long a client waits for the next sign of life of a stream before it gives up: the program's default function
timeout. A part is one; so is a comment in server-sent events, and a `keep-alive` of the WebSocket API."""

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


def chat_request(prompt: str, chat_id: str | None = None) -> ChatRequest:
    """`prompt` as a new message, in a new chat or in the one that is named, under ids of its own."""
    return ChatRequest(chat_id or new_id("chat"), stream_id=new_id("stream"), messages=(user_message(prompt),))


def user_message(text: str) -> dict[str, object]:
    """A message of a user as the AI SDK writes it, under an id of its own."""
    return {"id": new_id("message"), "role": "user", "parts": [{"type": "text", "text": text}]}


def new_id(kind: str) -> str:
    """An id that nothing has: `chat-…`, `stream-…`."""
    return f"{kind}-{uuid.uuid4().hex}"


@dataclass(frozen=True)
class Received:
    """A part as it reached the client."""

    sequence: int
    """0-based number of the part in this reading of its stream."""
    part: Part
    at_ms: float
    """Milliseconds from the sending of the request, on a connection that was already open, to this part."""
    message: int
    """0-based index of the transport message that completed the part: piece of the HTTP body, frame, AppSync update."""
    cursor: str | None = None
    """The place behind the part, for a resume. None for a part that is none of the stream's (what a continued answer
    held before), and on AppSync within a batch, which has one for its last part."""

    @property
    def type(self) -> str:
        return str(self.part.get("type", ""))


class Client(Protocol):
    """Speaks with one architecture of one stack. An async context manager: entering opens the connection."""

    @property
    def architecture(self) -> Architecture: ...

    def stream(self, request: ChatRequest) -> AsyncGenerator[Received]:
        """Sends the request; yields its parts in order, the terminal one last. Raises ClientError.

        Whoever stops reading before that has hung up, and not cancelled.
        """
        ...

    def resume(self, chat_id: str, after: str | None = None) -> AsyncGenerator[Received]:
        """The user's latest stream in a chat, from its first part on; or after a cursor that stream, whatever was begun
        in the chat since. Then as it comes.

        Raises NothingActive before the first part, or another ClientError.
        """
        ...

    async def cancel(self, chat_id: str, stream_id: str) -> None:
        """Stops a stream of the user for good; its readers get `abort`. Of one that has ended nothing changes."""
        ...

    async def chats(self, after: str | None = None) -> Page[ChatSummary]:
        """The chats that the user owns or is a member of, the latest first; or the page after that one."""
        ...

    async def read(self, chat_id: str) -> Chat:
        """A chat with its messages. Raises Refused (`not_found`)."""
        ...

    async def update(self, chat_id: str, *, title: str | None = None) -> None:
        """Renames a chat. Raises Refused."""
        ...

    async def delete(self, chat_id: str) -> None:
        """Deletes a chat with all its messages, and stops what runs in it. Raises Refused."""
        ...

    async def rate(self, chat_id: str, message_id: str, rating: Rating | None) -> None:
        """Rates an answer that the user has asked for, or takes the rating back. Raises Refused."""
        ...

    async def invite(self, chat_id: str, sub: str) -> None:
        """Invites a user to a chat of one's own. Raises Refused."""
        ...

    async def remove(self, chat_id: str, sub: str) -> None:
        """Takes a member out of a chat of one's own, or withdraws an invitation. Raises Refused."""
        ...

    async def leave(self, chat_id: str) -> None:
        """Takes the user out of a chat of another. Raises Refused."""
        ...

    async def invitations(self, after: str | None = None) -> Page[Invitation]:
        """The invitations that the user may accept or decline, the latest first; or the page after that one."""
        ...

    async def accept(self, chat_id: str) -> None:
        """Makes the user a member of a chat that they were invited to. Raises Refused."""
        ...

    async def decline(self, chat_id: str) -> None:
        """Removes the user's invitation to a chat. Raises Refused."""
        ...

    async def limits(self) -> UserLimits:
        """What the user may do now. Raises Refused."""
        ...

    async def __aenter__(self) -> Self: ...

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...
