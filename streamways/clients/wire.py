"""What the clients share below their protocols: JSON objects, and opening and reading a WebSocket."""

import json
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from typing import cast

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidStatus
from websockets.typing import Origin, Subprotocol

from streamways.clients import refusals
from streamways.clients.addresses import is_loopback
from streamways.clients.client import OPEN_SECONDS
from streamways.clients.errors import Cut, Malformed, Unreachable

MAX_MESSAGE_BYTES = 5 * 1024 * 1024
"""Well above the largest message that either service delivers (128 KB, 240 KB)."""


def json_object(text: str | bytes, source: str) -> dict[str, object]:
    """Parses a JSON object; `source` names the sender in the error. Raises Malformed."""
    try:
        value: object = json.loads(text)
    except ValueError:
        value = None
    if not isinstance(value, dict):
        shown = text.decode("utf-8", "replace") if isinstance(text, bytes) else text
        raise Malformed(f"{source} sent something that is no JSON object: {shown[:200]}")
    return cast("dict[str, object]", value)


def child(value: Mapping[str, object], key: str) -> dict[str, object]:
    """The object under `key`, or an empty one."""
    found = value.get(key)
    return cast("dict[str, object]", found) if isinstance(found, dict) else {}


async def open_socket(
    url: str, offered: Sequence[str], expected: str, source: str, *, origin: str | None = None
) -> ClientConnection:
    """Opens a WebSocket that must answer with the subprotocol `expected`. Raises Unreachable, Refused or Malformed."""
    try:
        socket = await connect(
            url,
            origin=None if origin is None else Origin(origin),
            subprotocols=[Subprotocol(name) for name in offered],
            open_timeout=OPEN_SECONDS,
            max_size=MAX_MESSAGE_BYTES,
            proxy=None if is_loopback(url) else True,
        )
    except InvalidStatus as error:
        response = error.response
        raise refusals.from_http(
            response.status_code, dict(response.headers.raw_items()), bytes(response.body)
        ) from error
    except InvalidHandshake as error:
        raise Malformed(f"{source} broke the WebSocket handshake: {error}") from error
    except (OSError, TimeoutError) as error:
        raise Unreachable(f"nothing answers at {url}: {error or 'timed out'}") from error
    if socket.subprotocol != expected:
        await socket.close()
        raise Malformed(
            f"{source} answered with the subprotocol {socket.subprotocol}, not {expected}: browsers drop that"
        )
    return socket


async def send(socket: ClientConnection, message: str | Iterable[bytes]) -> None:
    """Sends a text message, given whole or as frames. On a closed connection it does nothing: why the service closed it
    may stand in a message that was received and not read yet, and `receive` raises Cut after that."""
    with suppress(ConnectionClosed):
        await socket.send(message, text=True)


async def receive(socket: ClientConnection, source: str) -> dict[str, object]:
    """The next message, a JSON object. Raises Cut when the connection closes, Malformed for anything else."""
    try:
        message = await socket.recv()
    except ConnectionClosed as error:
        raise Cut(f"{source} closed the connection: {error}") from error
    return json_object(message, source)
