"""The WebSocket API, in the frames of the AI SDK's `WebSocketChatTransport`.

Client to server: `send`. Server to client: `start`, `chunk` (numbered, gapless), then `end` or `error`.
Frames of other requests are passed over, as the stock transport does.
"""

import json
import time
from collections.abc import AsyncGenerator, Iterator, Mapping
from types import TracebackType
from typing import Self

from websockets.asyncio.client import ClientConnection

from sandbox.clients import refusals
from sandbox.clients.client import (
    SILENCE_SECONDS,
    TERMINAL_PARTS,
    Architecture,
    ChatRequest,
    Cut,
    Malformed,
    Received,
)
from sandbox.clients.wire import child, open_socket, receive, send

SUBPROTOCOL = "streamways.v1"
TOKEN_PREFIX = "jwt."
FRAME_BYTES = 32 * 1024
"""A larger message must be split into frames: https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-execution-service-websocket-limits-table.html"""

_SOURCE = "the WebSocket API"


class WebSocketClient:
    """Speaks with an API Gateway WebSocket API over one connection, opened on entering."""

    architecture: Architecture = "websocket"

    def __init__(self, web_socket_url: str, token: str | None, *, silence_seconds: float = SILENCE_SECONDS) -> None:
        self._url = web_socket_url
        self._offered = [SUBPROTOCOL, *([TOKEN_PREFIX + token] if token else [])]
        self._silence_seconds = silence_seconds
        self._socket: ClientConnection | None = None

    async def __aenter__(self) -> Self:
        self._socket = await open_socket(self._url, self._offered, SUBPROTOCOL, _SOURCE)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._socket is not None:
            await self._socket.close()

    async def stream(self, request: ChatRequest) -> AsyncGenerator[Received]:
        """See `Client.stream`. The stream's id is the frames' `requestId`."""
        socket = self._socket
        if socket is None:
            raise RuntimeError("open the client first: async with client")
        started = time.perf_counter()
        await send(socket, _frames(_send_frame(request)))
        sequence = 0
        message = 0
        ended = False
        while not ended:
            frame = await self._next(socket, request.stream_id, sequence)
            at_ms = (time.perf_counter() - started) * 1000
            if frame.get("type") == "end":
                raise Cut(f"{_SOURCE} ended the stream after {sequence} parts, without a terminal part")
            if frame.get("type") == "chunk":
                if frame.get("sequence") != sequence:
                    raise Malformed(f"{_SOURCE} sent sequence {frame.get('sequence')} where {sequence} was due")
                part = child(frame, "chunk")
                ended = part.get("type") in TERMINAL_PARTS
                yield Received(sequence, part, at_ms, message)
                sequence += 1
            message += 1
        await self._end(socket, request.stream_id, sequence)

    async def _next(self, socket: ClientConnection, request_id: str, sequence: int) -> Mapping[str, object]:
        """The next frame of this stream."""
        began = time.monotonic()
        while True:
            waited = time.monotonic() - began
            try:
                frame = await receive(socket, self._silence_seconds, _SOURCE, waited_seconds=waited)
            except Cut as cut:
                raise Cut(f"{cut}, {sequence} parts into the stream") from cut
            frame_type = frame.get("type")
            if frame_type is None:
                raise refusals.from_gateway_frame(frame)
            if frame.get("requestId") != request_id:
                continue
            if frame_type == "error":
                raise refusals.from_error_text(str(frame.get("errorText", "")))
            if frame_type not in ("start", "chunk", "end"):
                raise Malformed(f"{_SOURCE} sent a frame of the unknown type {frame_type!r}")
            return frame

    async def _end(self, socket: ClientConnection, request_id: str, sequence: int) -> None:
        """Takes the `end` frame, so that the next stream on this connection begins behind it."""
        frame = await self._next(socket, request_id, sequence)
        if frame.get("type") != "end":
            raise Malformed(
                f"{_SOURCE} sent a {frame.get('type')!r} frame after the terminal part, where 'end' was due"
            )


def _send_frame(request: ChatRequest) -> dict[str, object]:
    frame: dict[str, object] = {
        "type": "send",
        "requestId": request.stream_id,
        "id": request.chat_id,
        "trigger": request.trigger,
        "messages": request.messages,
    }
    if request.message_id is not None:
        frame["messageId"] = request.message_id
    return frame


def _frames(message: Mapping[str, object]) -> Iterator[bytes]:
    encoded = json.dumps(message).encode()
    for start in range(0, len(encoded), FRAME_BYTES):
        yield encoded[start : start + FRAME_BYTES]
