"""uvicorn's WebSocket protocol with the frame limits of API Gateway, which no ASGI application can see.

Limits: https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-execution-service-websocket-limits-table.html
"""

import asyncio
from urllib.parse import unquote

from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.http11 import Request

EXECUTE_API_PREFIX = "/execute-api/"
MESSAGE_BYTES = 131_072
"""128 KB of a message; a longer one closes the connection with 1009."""
FRAME_BYTES = 32_768
"""32 KB of one frame; a longer message must be sent in fragments, or the connection is closed with 1009."""
LINGER_SECONDS = 5.0
"""How long a client may take to close after a protocol error, and to read what is left after the application's end."""


class LimitedWebSocketProtocol(WebSocketsSansIOProtocol):
    """For `uvicorn.Config(ws=…)`: serves every path, and holds those under `/execute-api/` to API Gateway's limits.

    Four more differences from uvicorn's own: it sends no pings (AWS sends none, so an idle connection is idle), it
    does not compress under `/execute-api/`, it answers a handshake that it cannot read (431 for a header over 8 KB),
    and after a protocol error it reads on until the client has seen the close frame.
    """

    _failed = False

    def handle_connect(self, event: Request) -> None:
        self.ping_interval = None
        if unquote(event.path).startswith(EXECUTE_API_PREFIX):
            self.conn.available_extensions = None
            self.conn.max_message_size = MESSAGE_BYTES
            self.conn.max_fragment_size = FRAME_BYTES
        super().handle_connect(event)

    def data_received(self, data: bytes) -> None:
        if self._failed:
            return
        super().data_received(data)
        if not self.handshake_initiated and self.conn.handshake_exc is not None:
            self._failed = True
            self.transport.write(b"".join(self.conn.data_to_send()))
            self.transport.close()

    def handle_parser_exception(self) -> None:
        # Closing a socket with unread data resets it, and a reset can overtake the close frame: the client would see
        # 1006 instead of 1009. So only this direction is shut, and what still comes is thrown away.
        self._failed = True
        close = self.conn.close_sent
        assert close is not None
        self.queue.put_nowait({"type": "websocket.disconnect", "code": close.code, "reason": close.reason})
        self.transport.write(b"".join(self.conn.data_to_send()))
        if self.transport.can_write_eof():  # TLS knows no such thing
            self.transport.write_eof()
        self.close_sent = True
        self.read_paused = False
        self.transport.resume_reading()
        if self.close_timer is not None:
            self.close_timer.cancel()
        self.close_timer = self.loop.call_later(LINGER_SECONDS, self.transport.close)

    def on_task_complete(self, task: asyncio.Task[None]) -> None:
        super().on_task_complete(task)
        # A client that never reads would keep the socket, and a stop of the server, waiting for its last bytes.
        self.loop.call_later(self.close_timeout + LINGER_SECONDS, self.transport.abort)
