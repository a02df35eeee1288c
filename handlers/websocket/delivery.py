"""How the parts of one stream become frames on one connection."""

import time
from collections.abc import Sequence

from handlers.websocket import frames
from handlers.websocket.caller import connection_ends_at, ends_soon
from handlers.websocket.connection import Connection
from shared.errors import StreamwaysError
from shared.protocol.cursor import Cursor
from shared.protocol.parts import Part, SequencedPart, is_terminal


class FrameDelivery:
    """Parts as `chunk` frames, an `end` behind them, and what keeps the connection's client informed."""

    def __init__(self, connection: Connection, request_id: str, stream_id: str, connected_at: int) -> None:
        self._connection = connection
        self._request_id = request_id
        self._stream_id = stream_id
        self._chunks = 0
        self._connection_ends_at = connection_ends_at(connected_at)
        self._noticed = False
        self.ended = False
        """Whether the client was told that all parts were sent."""

    def begin(self) -> None:
        """Says that there is a stream: the stock client takes a `resume` for answered. Raises ReceiverGone.

        A `send` that starts a stream needs no such answer: its first chunk is one, and comes a call sooner.
        """
        self._connection.send(frames.start(self._request_id))

    def precede(self, preamble: Sequence[Part]) -> None:
        """Sends what comes before the stream. Raises ReceiverGone."""
        for part in preamble:
            self._send(part, None)

    def deliver(self, batch: Sequence[SequencedPart]) -> None:
        """One frame a part: the stock client reads no more than one from a frame. Raises ReceiverGone."""
        for numbered in batch:
            self._send(numbered.part, Cursor.behind(self._stream_id, numbered))
            if is_terminal(numbered.part):
                self.end()
        self._notice()

    def end(self) -> None:
        """Says that the client has all parts. Raises ReceiverGone."""
        self._connection.send(frames.end(self._request_id))
        self.ended = True

    def keep_alive(self) -> None:
        """Keeps the connection from idling away while nothing comes. Raises ReceiverGone."""
        self._connection.send(frames.keep_alive())
        self._notice()

    def fail(self, error: StreamwaysError) -> None:
        """An `error` frame ends the stream for the client, wherever it was."""
        self._connection.send(frames.error(self._request_id, error))

    def _send(self, part: Part, cursor: Cursor | None) -> None:
        self._connection.send(frames.chunk(self._request_id, self._chunks, part, cursor))
        self._chunks += 1

    def _notice(self) -> None:
        if not self._noticed and ends_soon(self._connection_ends_at, time.time()):
            self._noticed = True
            self._connection.send(frames.connection_ends(self._connection_ends_at))
