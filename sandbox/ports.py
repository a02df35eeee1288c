"""The port of a sandbox: taken once, and kept open until it listens, so that nobody else gets it in between."""

import socket

from sandbox.errors import PortsTaken
from sandbox.options import PORT_RANGE, SandboxOptions
from sandbox.state import Claim, claim

LOOPBACK = "127.0.0.1"
HIGHEST_PORT = 65_535
PAGE_OFFSET = 1_000
_BACKLOG = 512


def take(options: SandboxOptions) -> tuple[socket.socket, Claim]:
    """The first free port from `options.port` on: its listening socket, and the folder for its state.

    Raises PortsTaken when none of the range is free.
    """
    last = min(options.port + PORT_RANGE - 1, HIGHEST_PORT)
    for port in range(options.port, last + 1):
        listener = _listen(port)
        if listener is None:
            continue
        claimed = claim(options.state_root, listener.getsockname()[1])
        if claimed is not None:
            return listener, claimed
        listener.close()
    raise PortsTaken(
        f"no port from {options.port} to {last} is free: end what uses them, or choose another with --port"
    )


def take_for_page(port: int) -> socket.socket:
    """A listening socket for the page of the sandbox on `port`: PAGE_OFFSET above it, so that its address
    is the same at the next start, else wherever one is free. Raises PortsTaken."""
    wanted = port + PAGE_OFFSET
    listener = _listen(wanted) if wanted <= HIGHEST_PORT else None
    listener = listener or _listen(0)
    if listener is None:
        raise PortsTaken("no port is free for the page: end what uses them")
    return listener


def _listen(port: int) -> socket.socket | None:
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    # Accepted sockets inherit it. asyncio sets it only on sockets that name their protocol, and without it the small
    # writes of a stream wait for the client's delayed acknowledgement: 40 ms.
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    try:
        listener.bind((LOOPBACK, port))
        listener.listen(_BACKLOG)
    except OSError:
        listener.close()
        return None
    return listener
