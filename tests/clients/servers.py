"""Servers for the clients under test: real sockets that send exactly the bytes and frames that a test names."""

import asyncio
import json
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from websockets.asyncio.server import ServerConnection, serve
from websockets.http11 import Request, Response
from websockets.typing import Subprotocol


@dataclass
class HttpExchange:
    """What a client sent, and the answer that it gets: a status, headers, and the pieces of the body."""

    pieces: Sequence[bytes] = ()
    status: str = "200 OK"
    headers: dict[str, str] = field(default_factory=lambda: {"content-type": "text/event-stream"})
    complete: bool = True
    """Whether the body is ended as HTTP wants it; else the connection just closes."""
    hold: asyncio.Event | None = None
    """If given, the connection stays open and silent after the last piece until this is set."""
    received: list[tuple[str, dict[str, str], bytes]] = field(default_factory=list[tuple[str, dict[str, str], bytes]])
    """Requests: first line, headers in lower case, body."""
    body_for: Callable[[bytes], bytes] | None = None
    """If given, the body that answers a request's body, in place of the pieces."""


@asynccontextmanager
async def http_server(exchange: HttpExchange) -> AsyncGenerator[str]:
    """An HTTP server that gives each request the same answer; each piece is a chunk of its own. Yields its origin."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        # In a `finally`: a client that hangs up first ends this wherever it is.
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
            headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in head[1:] if line)}
            body = await reader.readexactly(int(headers.get("content-length", "0")))
            exchange.received.append((head[0], headers, body))
            lines = [f"HTTP/1.1 {exchange.status}", "transfer-encoding: chunked", "connection: close"]
            lines += [f"{name}: {value}" for name, value in exchange.headers.items()]
            writer.write("\r\n".join([*lines, "", ""]).encode())
            await writer.drain()
            for piece in [exchange.body_for(body)] if exchange.body_for else exchange.pieces:
                writer.write(f"{len(piece):x}\r\n".encode() + piece + b"\r\n")
                await writer.drain()
            if exchange.hold is not None:
                await exchange.hold.wait()
            if exchange.complete:
                writer.write(b"0\r\n\r\n")
        finally:
            writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    async with server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"


Conversation = Callable[[ServerConnection], Awaitable[None]]


@asynccontextmanager
async def socket_server(
    conversation: Conversation, *, subprotocol: str | None, refuse: Response | None = None
) -> AsyncGenerator[str]:
    """A WebSocket server that answers with `subprotocol` if it was offered, or refuses. Yields its URL."""

    async def process_request(_connection: ServerConnection, _request: Request) -> Response | None:
        return refuse

    def select(_connection: ServerConnection, offered: Sequence[Subprotocol]) -> Subprotocol | None:
        return next((name for name in offered if name == subprotocol), None)

    async with serve(
        conversation, "127.0.0.1", 0, process_request=process_request, select_subprotocol=select
    ) as server:
        yield f"ws://127.0.0.1:{next(iter(server.sockets)).getsockname()[1]}"


async def read(connection: ServerConnection) -> dict[str, Any]:
    """The next frame of the client."""
    frame: dict[str, Any] = json.loads(await connection.recv())
    return frame


def sse(*parts: object, first: int = 0) -> bytes:
    """Parts as server-sent events, each with a place."""
    events = (f"id: place-{at}\ndata: {json.dumps(part)}\n\n" for at, part in enumerate(parts, first))
    return "".join(events).encode()


DONE = b"data: [DONE]\n\n"
START = {"type": "start", "messageId": "m1"}
HELLO = {"type": "text-delta", "id": "text-0", "delta": "Héllo"}
WORLD = {"type": "text-delta", "id": "text-0", "delta": " world"}
FINISH = {"type": "finish", "finishReason": "stop"}
