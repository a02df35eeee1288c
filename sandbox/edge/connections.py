"""Open connections of WebSocket APIs: what may be sent on one, and how one ends."""

import asyncio
import time
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass

from starlette.websockets import WebSocket, WebSocketDisconnect

SEND_BUFFER_BYTES = 524_288
"""How much may wait for a client that reads slowly, beyond what the socket holds. AWS names no figure."""
SEND_SECONDS = 5.0
"""How long one message may wait for such a client. AWS names no figure."""


@dataclass(frozen=True)
class WebSocketLimits:
    """What API Gateway allows, in seconds; tests make it shorter.

    https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-execution-service-websocket-limits-table.html
    """

    integration_seconds: float = 29
    """An integration's answer; an integration's own `timeout_milliseconds` can only shorten it."""
    idle_seconds: float = 600
    """Without a message in either direction the connection is closed (1001)."""
    connection_seconds: float = 7200
    """After this it is closed (1001) in any case."""
    send_seconds: float = SEND_SECONDS
    time_scale: float = 1.0
    """The sandbox's seconds for one of AWS's, in the time of a connection and its idle time; as in SandboxOptions."""

    def told(self, since_ms: int, now_ms: int) -> int:
        """A time in the past, moved to where it is so long ago as it is in AWS's seconds. Epoch milliseconds."""
        return now_ms - round((now_ms - since_ms) / self.time_scale)


class ConnectionGone(Exception):
    """There is no such connection, or no longer, or not yet."""


class ClientTooSlow(Exception):
    """The client does not read, and what waits for it is too much or too old."""


class Connection:
    """One open connection: created when its handshake is accepted."""

    def __init__(
        self, socket: WebSocket, source_ip: str, user_agent: str, connected_at_ms: int, limits: WebSocketLimits
    ) -> None:
        self.source_ip = source_ip
        self.user_agent = user_agent
        self.connected_at_ms = connected_at_ms
        self.last_active_ms = connected_at_ms
        """Epoch milliseconds of the last message, sent or received."""
        self.closing = asyncio.Event()
        """Set when this side has decided to close."""
        self.close_code = 1000
        self.close_reason = ""
        self._socket = socket
        self._limits = limits
        self._clock = asyncio.get_running_loop().time
        self._lifetime_ends = self._clock() + limits.connection_seconds * limits.time_scale
        self._idle_ends = self._clock() + limits.idle_seconds * limits.time_scale
        self._one_at_a_time = asyncio.Lock()
        self._waiting_bytes = 0

    def told(self, since_ms: int) -> int:
        """A time of this connection as AWS's API tells it: so long ago as it is in AWS's seconds."""
        return self._limits.told(since_ms, time.time_ns() // 1_000_000)

    def touch(self) -> None:
        """A message passed: the connection is not idle."""
        self.last_active_ms = time.time_ns() // 1_000_000
        self._idle_ends = self._clock() + self._limits.idle_seconds * self._limits.time_scale

    def seconds_left(self) -> float:
        """Until the connection is to be closed, unless a message passes; 0 or less when it is time."""
        return min(self._idle_ends, self._lifetime_ends) - self._clock()

    async def send(self, text: str) -> None:
        """Hand one message to the socket; messages keep the order of the calls.

        Raises ConnectionGone, and ClientTooSlow when it cannot be handed over: then nothing of it was sent.
        """
        size = len(text.encode())
        if self._waiting_bytes + size > SEND_BUFFER_BYTES:
            raise ClientTooSlow
        self._waiting_bytes += size
        try:
            async with asyncio.timeout(self._limits.send_seconds), self._one_at_a_time:
                await self._socket.send_text(text)
        except TimeoutError:
            raise ClientTooSlow from None
        except (WebSocketDisconnect, RuntimeError):  # Starlette and uvicorn: a message after the close
            raise ConnectionGone from None
        finally:
            self._waiting_bytes -= size
        self.touch()

    def close(self, code: int, reason: str) -> None:
        """Have the connection closed from this side; whoever serves it does so at once. `reason` is for the event."""
        if not self.closing.is_set():
            self.close_code, self.close_reason = code, reason
            self.closing.set()


class Connections:
    """The open connections of all WebSocket APIs."""

    def __init__(self) -> None:
        self._open: dict[tuple[str, str, str], Connection] = {}

    @contextmanager
    def opened(self, api_id: str, stage: str, connection_id: str, connection: Connection) -> Generator[None]:
        """While in this context the connection can be reached through `@connections`."""
        key = (api_id, stage, connection_id)
        self._open[key] = connection
        try:
            yield
        finally:
            del self._open[key]

    def get(self, api_id: str, stage: str, connection_id: str) -> Connection:
        """The open connection with this id. Raises ConnectionGone."""
        connection = self._open.get((api_id, stage, connection_id))
        if connection is None or connection.closing.is_set():
            raise ConnectionGone
        return connection
