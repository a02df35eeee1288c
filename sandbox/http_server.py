"""uvicorn inside the sandbox's own event loop: started, waited for, and ended with the open streams cut."""

import asyncio
import contextlib
import socket
from collections.abc import Generator

import uvicorn
from starlette.applications import Starlette

from sandbox.edge.websocket_protocol import LimitedWebSocketProtocol
from sandbox.tls import Certificate

GRACE_SECONDS = 1
"""How long open streams may go on when the sandbox stops."""
KEEP_ALIVE_SECONDS = 60
"""How long an idle connection is kept: a server that closes sooner than its clients do meets their next request."""


class HttpServer:
    """Serves one application on a listening socket, from `start` to `stop`."""

    def __init__(self, application: Starlette, listener: socket.socket, certificate: Certificate | None = None) -> None:
        """With a `certificate` it speaks TLS, and nothing else."""
        self._listener = listener
        self._server = _Server(
            uvicorn.Config(
                application,
                ws=LimitedWebSocketProtocol,
                lifespan="off",
                log_config=None,
                access_log=False,
                server_header=False,
                # A client's X-Forwarded-For is not its address.
                proxy_headers=False,
                timeout_graceful_shutdown=GRACE_SECONDS,
                timeout_keep_alive=KEEP_ALIVE_SECONDS,
                ssl_certfile=certificate.chain if certificate else None,
                ssl_keyfile=certificate.key if certificate else None,
            )
        )
        self._serving: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Return when it accepts connections."""
        self._serving = asyncio.create_task(self._server.serve(sockets=[self._listener]))
        await self._server.accepting.wait()

    async def stop(self) -> None:
        """Close the socket, and every connection after a short grace."""
        self._server.should_exit = True
        if self._serving is not None:
            await self._serving


class _Server(uvicorn.Server):
    """uvicorn's server, without its signal handlers, and with a word when it accepts connections."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.accepting = asyncio.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.accepting.set()

    @contextlib.contextmanager
    def capture_signals(self) -> Generator[None]:
        yield
