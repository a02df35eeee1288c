"""The WebSocket API, in the frames of the AI SDK's `WebSocketChatTransport` and some of this project's own.

Server to client: `start`, `chunk` (counted from 0, with a cursor), then `end` or `error`; `no-active` where there is
nothing to resume; `result` for what is no stream; `keep-alive` and `notice` about the connection. Frames of other
requests are passed over, as the stock transport does.
"""

import time
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import replace
from types import TracebackType
from typing import Self

from shared.contract.architectures import websocket
from shared.contract.parts import TERMINAL
from shared.contract.transports import SUBPROTOCOL, TOKEN_PREFIX
from shared.contract.usage import Rating
from streamways.clients import refusals
from streamways.clients.chats import Chat, ChatSummary, Invitation, Page, page_of_chats, page_of_invitations
from streamways.clients.client import OPEN_SECONDS, SILENCE_SECONDS, Architecture, ChatRequest, Received, new_id
from streamways.clients.errors import Cut, Malformed, NothingActive
from streamways.clients.frames import Frame, encoded, joined, resume_frame, send_frame
from streamways.clients.inboxes import EVERYBODY, Inbox, Inboxes, Message
from streamways.clients.limits import UserLimits
from streamways.clients.wire import child, open_socket, send

_SOURCE = "the WebSocket API"


class WebSocketClient:
    """Speaks with an API Gateway WebSocket API over one connection, opened on entering."""

    architecture: Architecture = websocket.NAME

    def __init__(
        self,
        web_socket_url: str,
        token: str | None,
        *,
        silence_seconds: float = SILENCE_SECONDS,
        origin: str | None = None,
        renewed_token: Callable[[], str | None] = lambda: None,
        on_notice: Callable[[Message], None] = lambda _: None,
    ) -> None:
        """The token travels as a subprotocol; `None` for an address that carries a ticket. `origin` is what a browser
        would say of its page. `renewed_token` is asked with each request: its token goes along and renews the session,
        as the stock transport's `headers` do. `on_notice` gets what the server says about the connection.
        """
        self._url = web_socket_url
        self._offered = [SUBPROTOCOL, *([TOKEN_PREFIX + token] if token else [])]
        self._silence_seconds = silence_seconds
        self._origin = origin
        self._renewed_token = renewed_token
        self._on_notice = on_notice
        self._inboxes: Inboxes | None = None

    async def __aenter__(self) -> Self:
        self._socket = await open_socket(self._url, self._offered, SUBPROTOCOL, _SOURCE, origin=self._origin)
        self._inboxes = Inboxes(self._socket, _SOURCE, _address, self._unclaimed)
        self._inboxes.begin()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._inboxes is not None:
            await self._inboxes.close()

    def stream(self, request: ChatRequest) -> AsyncGenerator[Received]:
        """See `Client.stream`. The stream's id is the frames' `requestId`."""
        return self._parts(send_frame(request), request.chat_id, request.stream_id)

    def resume(
        self, chat_id: str, after: str | None = None, *, request_id: str | None = None
    ) -> AsyncGenerator[Received]:
        """See `Client.resume`. The id of the request, for an `abort` of it, is made up unless given."""
        chosen = request_id or new_id("resume")
        return self._parts(resume_frame(chosen, chat_id, after), chat_id, chosen)

    async def abort(self, request_id: str) -> None:
        """What the stock transport sends when its reader goes away. Of a `send` it is a cancel."""
        await self._send({"type": "abort", "requestId": request_id})

    async def cancel(self, chat_id: str, stream_id: str) -> None:  # noqa: ARG002
        """See `Client.cancel`."""
        await self._ask("cancel", streamId=stream_id)

    async def chats(self, after: str | None = None) -> Page[ChatSummary]:
        """See `Client.chats`."""
        [result] = await self._ask("list", **_given(after=after))
        return page_of_chats(result)

    async def read(self, chat_id: str) -> Chat:
        """See `Client.read`. A long chat comes in several frames, each with some of the messages."""
        slices = [Chat.from_json(result) for result in await self._ask("read", id=chat_id)]
        return replace(slices[0], messages=joined(message for each in slices for message in each.messages))

    async def update(self, chat_id: str, *, title: str | None = None) -> None:
        """See `Client.update`."""
        await self._ask("update", id=chat_id, **_given(title=title))

    async def delete(self, chat_id: str) -> None:
        """See `Client.delete`."""
        await self._ask("delete", id=chat_id)

    async def rate(self, chat_id: str, message_id: str, rating: Rating | None) -> None:
        """See `Client.rate`."""
        await self._ask("rate", id=chat_id, messageId=message_id, rating=rating)

    async def invite(self, chat_id: str, sub: str) -> None:
        """See `Client.invite`."""
        await self._ask("invite", id=chat_id, sub=sub)

    async def remove(self, chat_id: str, sub: str) -> None:
        """See `Client.remove`."""
        await self._ask("remove", id=chat_id, sub=sub)

    async def leave(self, chat_id: str) -> None:
        """See `Client.leave`."""
        await self._ask("leave", id=chat_id)

    async def invitations(self, after: str | None = None) -> Page[Invitation]:
        """See `Client.invitations`."""
        [result] = await self._ask("invitations", **_given(after=after))
        return page_of_invitations(result)

    async def accept(self, chat_id: str) -> None:
        """See `Client.accept`."""
        await self._ask("accept", id=chat_id)

    async def decline(self, chat_id: str) -> None:
        """See `Client.decline`."""
        await self._ask("decline", id=chat_id)

    async def limits(self) -> UserLimits:
        """See `Client.limits`."""
        [result] = await self._ask("limits")
        return UserLimits.from_json(result)

    async def _ask(self, frame_type: str, **fields: object) -> list[Mapping[str, object]]:
        """What is answered to one of this project's own frames: one result, or several for what fits into none."""
        request_id = new_id(frame_type)
        results: list[Mapping[str, object]] = []
        with self._inbox(request_id) as inbox:
            await self._send({"type": frame_type, "requestId": request_id, **fields})
            more = True
            while more:
                frame = await self._next(inbox, OPEN_SECONDS)
                if frame["type"] != "result":
                    raise _unexpected(frame)
                results.append(child(frame, "result"))
                more = frame.get("more") is True
        return results

    async def _parts(self, frame: Frame, chat_id: str, request_id: str) -> AsyncGenerator[Received]:
        started = time.perf_counter()
        message, due, ended = 0, 0, False
        with self._inbox(request_id) as inbox:
            await self._send(frame)
            while True:
                try:
                    answer = await self._next(inbox, self._silence_seconds)
                except Cut as cut:
                    raise Cut(f"{cut}, {due} parts into the stream") from cut
                at_ms = (time.perf_counter() - started) * 1000
                match answer["type"]:
                    case "no-active" if frame["type"] == "resume":
                        raise NothingActive(chat_id)
                    case "end" if ended:
                        return
                    case "end":
                        raise Cut(f"{_SOURCE} ended the stream after {due} parts, without a terminal part")
                    case "start" if not message:
                        pass
                    case "chunk" if not ended:
                        if answer.get("sequence") != due:
                            raise Malformed(f"{_SOURCE} sent sequence {answer.get('sequence')} where {due} was due")
                        part = child(answer, "chunk")
                        ended = part.get("type") in TERMINAL
                        yield Received(due, part, at_ms, message, _cursor(answer))
                        due += 1
                    case "chunk":
                        raise Malformed(f"{_SOURCE} sent a chunk after the terminal part, where 'end' was due")
                    case _:
                        raise _unexpected(answer)
                message += 1

    async def _next(self, inbox: Inbox, seconds: float) -> Message:
        """The next frame of a request. A `keep-alive` says that the server is at work: it starts the wait anew."""
        while True:
            frame = await inbox.next(seconds)
            frame_type = frame.get("type")
            if frame_type is None:
                raise refusals.from_gateway_frame(frame)
            if frame_type == "error":
                raise refusals.from_error_text(str(frame.get("errorText", "")))
            if frame_type != "keep-alive":
                return frame

    def _inbox(self, request_id: str) -> AbstractContextManager[Inbox]:
        if self._inboxes is None:
            raise RuntimeError("open the client first: async with client")
        return self._inboxes.inbox(request_id)

    async def _send(self, frame: Frame) -> None:
        token = self._renewed_token()
        headers = {"headers": {"authorization": f"Bearer {token}"}} if token else {}
        await send(self._socket, encoded(frame | headers))

    def _unclaimed(self, frame: Message) -> None:
        if frame.get("type") == "notice":
            self._on_notice(frame)


def _cursor(frame: Message) -> str | None:
    cursor = frame.get("cursor")
    return None if cursor is None else str(cursor)


def _given(**fields: str | None) -> dict[str, str]:
    return {name: value for name, value in fields.items() if value is not None}


def _unexpected(frame: Message) -> Malformed:
    return Malformed(f"{_SOURCE} sent a frame of the type {frame['type']!r}, which is none of this request's")


def _address(frame: Message) -> str | None:
    """The request that a frame is for. A `keep-alive` is for all of them, and so is a frame of API Gateway's own."""
    if frame.get("type") in (None, "keep-alive"):
        return EVERYBODY
    return str(frame.get("requestId"))
