"""Places in a stream, as readers name them."""

from shared.protocol.cursor import Cursor
from shared.protocol.parts import WORKER_EPOCH
from tests.support.starts import STREAM


def behind(sequence: int, stream_id: str = STREAM, epoch: int = WORKER_EPOCH) -> Cursor | None:
    """The place of a reader who has the part with this sequence; None for one who has nothing (-1)."""
    return None if sequence < 0 else Cursor(stream_id, epoch, sequence)
