"""Where the parts of a response come from: the run of a stream in this invocation, or the journal of any stream."""

import threading
import time
from collections.abc import Iterator
from typing import Protocol

from shared.protocol.parts import Numbered, is_terminal
from shared.stream.run import StreamRun
from shared.stream.tail import Tail

KEEP_ALIVE_SECONDS = 15.0
"""After so much silence a comment is sent: CloudFront and other proxies give up on an origin after 30 s.

https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/DownloadDistValuesOrigin.html#DownloadDistValuesOriginResponseTimeout
"""


class Source(Protocol):
    """Batches of parts, for one response."""

    @property
    def complete(self) -> bool:
        """Whether the stream has ended, and everything of it was given out."""
        ...

    def take(self) -> list[Numbered] | None:
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

    def take(self) -> list[Numbered] | None:
        """See Source. The terminal part is given out once the stream is settled."""
        batch = self._run.take(KEEP_ALIVE_SECONDS)
        self.complete = self.complete or _ends(batch)
        return batch

    def leave(self) -> None:
        """See Source. Whoever takes the parts on keeps the stream from waiting for a reader."""
        if not self.complete:
            self._run.unwatched()
            threading.Thread(target=self._run.drain, name="drain", daemon=True).start()


class Followed:
    """A stream that runs anywhere, or ran: its journal after the sequence `after`, then what is added to it.

    `until` is a `time.monotonic()`, at which the response ends and may be resumed by another.
    """

    def __init__(self, tail: Tail, owner: str, stream_id: str, *, after: int = -1, until: float) -> None:
        self._left = threading.Event()
        self._until = until
        self._batches: Iterator[list[Numbered]] = tail.follow(
            owner, stream_id, after=after, until=until, beat=KEEP_ALIVE_SECONDS, stopped=self._left.is_set
        )
        self.complete = False

    def take(self) -> list[Numbered] | None:
        """See Source. A tail that ends before its time has read all there is: the client may hold the last part."""
        batch = next(self._batches, None)
        self.complete = self.complete or _ends(batch) or (batch is None and time.monotonic() < self._until)
        return batch

    def leave(self) -> None:
        """See Source."""
        self._left.set()


def _ends(batch: list[Numbered] | None) -> bool:
    return bool(batch) and is_terminal(batch[-1].part)
