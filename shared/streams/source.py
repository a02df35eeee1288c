"""A source of a stream's parts, from which one receiver takes them.

The run of a stream in this process is one; so is the journal of a stream that runs, or ran, anywhere.
"""

from typing import Protocol

from shared.protocol.parts import SequencedPart


class PartSource(Protocol):
    """The parts of a stream, in batches, for one receiver."""

    @property
    def complete(self) -> bool:
        """Whether the receiver has the stream's terminal part: it was given out, or the receiver had it before."""
        ...

    def take(self) -> list[SequencedPart] | None:
        """Waits for the next parts. `[]` after KEEP_ALIVE_SECONDS without any; None when no more come."""
        ...

    def detach(self) -> None:
        """The receiver has gone. Does not wait, and may be called at any time, also while `take` waits."""
        ...
