"""Where the parts of a response come from: the run of a stream in this invocation, or the journal of any stream."""

import threading
from typing import Protocol

from shared.contract.limits import KEEP_ALIVE_SECONDS
from shared.generation.run import StreamRun
from shared.protocol.cursor import Cursor
from shared.protocol.parts import SequencedPart, is_terminal
from shared.streams.tail import Tail


class Source(Protocol):
    """Batches of parts, for one response."""

    @property
    def complete(self) -> bool:
        """Whether the stream has ended, and its terminal part was given out, or is the last that the client had."""
        ...

    def take(self) -> list[SequencedPart] | None:
        """Waits: the next parts; an empty list after KEEP_ALIVE_SECONDS of silence; None when no more come."""
        ...

    def leave(self) -> None:
        """Nobody takes any more. Does not wait, and may be called at any time, also while `take` waits."""
        ...


class Live:
    """A stream that runs here. It goes on when it is left: a hang-up is not a cancel."""

    def __init__(self, run: StreamRun) -> None:
        self._run = run
        self.complete = False

    def take(self) -> list[SequencedPart] | None:
        """See Source. The terminal part is given out once the stream is settled."""
        batch = self._run.take(KEEP_ALIVE_SECONDS)
        self.complete = self.complete or (bool(batch) and is_terminal(batch[-1].part))
        return batch

    def leave(self) -> None:
        """See Source. Whoever takes the parts on keeps the stream from waiting for a reader."""
        if not self.complete:
            self._run.detached()
            threading.Thread(target=self._run.drain, name="drain", daemon=True).start()


class Followed:
    """A stream that runs anywhere, or ran: its journal after that place, then what is added to it.

    `until` is a `time.monotonic()`, at which the response ends and may be resumed by another.
    """

    def __init__(self, tail: Tail, owner: str, stream_id: str, *, after: Cursor | None = None, until: float) -> None:
        self._left = threading.Event()
        self._reading = tail.follow(
            owner, stream_id, after=after, until=until, beat=KEEP_ALIVE_SECONDS, stopped=self._left.is_set
        )

    @property
    def complete(self) -> bool:
        """See Source."""
        return self._reading.complete

    def take(self) -> list[SequencedPart] | None:
        """See Source."""
        return next(self._reading, None)

    def leave(self) -> None:
        """See Source."""
        self._left.set()
