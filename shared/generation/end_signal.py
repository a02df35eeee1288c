"""What ends a running stream, whoever finds out first."""

import threading
from typing import Literal

Cause = Literal["model", "deadline", "cancelled", "superseded", "lost"]
"""`model`: it came to its end, or failed. `deadline`: the function's time is over. `cancelled`: the user has stopped
the stream. `superseded`: the user has started a newer stream in its chat. `lost`: somebody took the worker for dead and
has ended the stream in its place."""


class EndSignal:
    """Raised by any thread, and waited for by one. The first cause counts."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._raised = threading.Event()
        self._cause: Cause | None = None

    def end(self, cause: Cause) -> None:
        """The stream ends, for this cause unless it ends already."""
        with self._lock:
            self._cause = self._cause or cause
        self._raised.set()

    def wait(self, seconds: float) -> bool:
        """Waits so long at most. Whether the stream ends."""
        return self._raised.wait(seconds)

    @property
    def cause(self) -> Cause | None:
        """Why the stream ends; None while it does not."""
        return self._cause
