"""Loopback ports for functions that are web servers.

On AWS every environment is alone on its machine and may listen on 8080. Here each needs a port that nobody takes
between the choice and the process's own `bind`; so they come from below the range from which systems hand out ports.
"""

import socket

FIRST = 20_000
LAST = 32_000
"""Linux hands out ports from 32768 (net.ipv4.ip_local_port_range), macOS from 49152."""
SPREAD = 100
"""Sandboxes begin this far apart, so that two of them seldom try the same port."""


class Ports:
    """The ports of one sandbox; `seed` is the port of its own origin."""

    def __init__(self, seed: int) -> None:
        self._cursor = FIRST + seed * SPREAD % (LAST - FIRST)
        self._taken: set[int] = set()

    def take(self) -> int:
        """A port that is free now and that this sandbox will not choose again before `release`."""
        for _ in range(FIRST, LAST):
            port = self._cursor
            self._cursor = FIRST + (port + 1 - FIRST) % (LAST - FIRST)
            if port not in self._taken and _is_free(port):
                self._taken.add(port)
                return port
        raise OSError(f"No loopback port between {FIRST} and {LAST} is free for a function. Stop what holds them.")

    def release(self, port: int) -> None:
        """Give the port back, after its process has ended."""
        self._taken.discard(port)


def _is_free(port: int) -> bool:
    with socket.socket() as attempt:
        attempt.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            attempt.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True
