"""Challenges that a user pool has put to clients: each is answered once, in time, by the app client it was put to."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

MOST = 10_000
"""Challenges that are kept open; the oldest gives way, so that no flood of them takes the memory."""

What = TypeVar("What")


@dataclass(frozen=True)
class _Open(Generic[What]):
    what: What
    client_id: str
    until: float


class Challenges(Generic[What]):
    """Open challenges by the text that stands for them, which their client sends back."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._open: dict[str, _Open[What]] = {}

    def put(self, text: str, what: What, *, client_id: str, seconds: float) -> None:
        """Keep a challenge open for so long."""
        now = self._clock()
        self._open = {key: one for key, one in self._open.items() if one.until > now}
        if len(self._open) >= MOST:
            del self._open[next(iter(self._open))]
        self._open[text] = _Open(what, client_id, now + seconds)

    def look(self, text: str, *, client_id: str) -> What | None:
        """The open challenge, which stays open; None for one that is unknown, answered, too old or another client's."""
        found = self._open.get(text)
        if found is None or found.client_id != client_id or found.until <= self._clock():
            return None
        return found.what

    def take(self, text: str, *, client_id: str) -> What | None:
        """The same, and the challenge is closed."""
        found = self.look(text, client_id=client_id)
        if found is not None:
            del self._open[text]
        return found
