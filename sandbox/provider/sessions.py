"""Which engine speaks: one connection of an engine is one provider resource of one stack."""

import contextlib
import socket
from dataclasses import dataclass
from threading import Lock

from sandbox.errors import ResourceRefused

PROBE_SECONDS = 1.0
"""How long an engine on this machine may take to accept a connection."""


@dataclass
class Session:
    """What an engine said of itself on one connection."""

    engine: str = ""
    """Host and port of the engine, which listens as long as it lives."""
    provider: str = ""
    """URN of the provider resource; empty until it is configured."""


class Sessions:
    """Every engine that is attached, by the peer of its connection."""

    def __init__(self) -> None:
        self._sessions: dict[str, Session] = {}
        self._lock = Lock()

    def attach(self, peer: str, engine: str) -> None:
        """An engine has connected."""
        with self._lock:
            self._sessions[peer] = Session(engine)

    def configure(self, peer: str, provider: str) -> None:
        """The connection serves this provider resource.

        Raises ResourceRefused when another engine that is still alive does the same: it deploys the same stack.
        """
        with self._lock:
            own = self._sessions.setdefault(peer, Session())
            others = [
                (at, other)
                for at, other in self._sessions.items()
                if other.provider == provider and other.engine != own.engine
            ]
            for at, other in others:
                if _listens(other.engine):
                    stack = provider.split("::")[0].rpartition(":")[2]
                    raise ResourceRefused(
                        f"another engine, at {other.engine}, deploys the stack {stack!r} at this moment: "
                        "wait until it has ended"
                    )
                del self._sessions[at]
            own.provider = provider

    def provider(self, peer: str) -> str:
        """The URN of the provider resource that this connection serves.

        A connection that was lost and made anew is the same engine's, if only one is attached. Raises ResourceRefused.
        """
        with self._lock:
            own = self._sessions.get(peer)
            if own and own.provider:
                return own.provider
            known = {session.provider for session in self._sessions.values() if session.provider}
        if len(known) != 1:
            raise ResourceRefused("the provider is not configured: the engine has to call Configure first")
        return known.pop()

    def detach(self, peer: str) -> None:
        """The engine has ended its work on this connection."""
        with self._lock:
            self._sessions.pop(peer, None)


def _listens(address: str) -> bool:
    host, _, port = address.rpartition(":")
    with contextlib.suppress(OSError, ValueError), socket.create_connection((host, int(port)), PROBE_SECONDS):
        return True
    return False
