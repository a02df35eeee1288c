"""Who reads a stream by the `resume` of a WebSocket connection, and whether a reader that was dropped meant a stop.

An `abort` names nothing but a `requestId`, and API Gateway may handle the frames of a connection at the same time: an
`abort` can come before the `resume` that it is about. So each leaves its mark on one item, and each sees the other's.

An `abort` of a `resume` is a stop only if the user has not resumed the chat again, on whatever connection: React's
StrictMode sends `resume r1, abort r1, resume r2`. That is known two seconds later, when the reader may be dead. So the
route writes the moment of the `abort` onto the stream's lease, and whoever runs the stream then, or ends it, decides.
"""

import time
from dataclasses import dataclass
from typing import Self

from shared.contract.limits import CONNECTION_SECONDS
from shared.table.client import ConditionFailed, TableClient
from shared.table.keys import READERS_PREFIX, Key, reader_key
from shared.table.patience import Patience
from shared.table.writes import delete, update, where

RESUMED_AGAIN_SECONDS = 2.0
"""A `resume` of the same chat that comes so soon before or after an `abort` is the same reader, mounted twice."""
KEPT_SECONDS = CONNECTION_SECONDS
"""A reader lives no longer than its connection."""


@dataclass(frozen=True)
class Reader:
    """A request of a user on one connection."""

    owner: str
    connection_id: str
    request_id: str

    @property
    def key(self) -> Key:
        """Of the item that the frames about this request mark."""
        return reader_key(self.owner, self.connection_id, self.request_id)


@dataclass(frozen=True)
class Read:
    """What a reader reads."""

    stream_id: str
    chat_id: str


class Readers:
    """The readers of the table."""

    def __init__(self, table: TableClient) -> None:
        self._table = table

    @classmethod
    def from_environment(cls) -> Self:
        """The table named by `STREAMS_TABLE`."""
        return cls(TableClient.from_environment())

    def attach(self, reader: Reader, read: Read) -> bool:
        """Notes that the reader waits for this stream; False when its `abort` was faster."""
        now = time.time()
        reads = {"streamId": read.stream_id, "chatId": read.chat_id, "resumedAt": now, "expiresAt": _expiry(now)}
        # What was dropped long ago was another request of the same id.
        kept = where("attribute_not_exists(#droppedAt) OR #droppedAt < :recent", recent=now - RESUMED_AGAIN_SECONDS)
        try:
            self._table.write(update(reader.key, reads, kept, remove=["droppedAt"]))
        except ConditionFailed:
            return False
        return True

    def drop(self, reader: Reader) -> Read | None:
        """Notes that the client does not wait any more. What it read; None when it is not known to read anything."""
        now = time.time()
        item = self._table.write(update(reader.key, {"droppedAt": now, "expiresAt": _expiry(now)}))
        return Read(item["streamId"], item["chatId"]) if "streamId" in item else None

    def is_dropped(self, reader: Reader) -> bool:
        """Whether the client has let go of it."""
        item = self._table.get(reader.key)
        return item is not None and "droppedAt" in item

    def forget(self, reader: Reader) -> None:
        """Removes what is known of it: nobody reads for this request any more, or it is one of the same id."""
        self._table.write(delete(reader.key))

    def is_read_again(self, owner: str, chat_id: str, around: float, patience: Patience | None = None) -> bool:
        """Whether the user has resumed this chat at about that time (epoch seconds), and still waits."""
        attached = "#chatId = :chat AND attribute_not_exists(#droppedAt) AND #resumedAt BETWEEN :from AND :to"
        values = {":chat": chat_id, ":from": around - RESUMED_AGAIN_SECONDS, ":to": around + RESUMED_AGAIN_SECONDS}
        own = reader_key(owner, "", "")
        pages = self._table.pages_of(own, READERS_PREFIX, patience, FilterExpression=attached, **values)
        return any(pages)


def _expiry(now: float) -> int:
    return int(now) + KEPT_SECONDS
