"""Which stream a `resume` of a connection reads, and whether its client has let go of it.

An `abort` names nothing but a `requestId`, and API Gateway may handle the frames of a connection at the same time: an
`abort` can come before the `resume` that it is about. So each leaves its mark on one item, and each sees the other's.

The items lie with their user, because an `abort` of a `resume` is a stop only if the user has not resumed the chat
again, on whatever connection: React's StrictMode sends `resume r1, abort r1, resume r2`.
"""

import time
from collections.abc import Mapping
from dataclasses import dataclass

from handlers.websocket.caller import CONNECTION_SECONDS
from handlers.websocket.store import table
from shared.table import REQUESTS_PREFIX, Key, request_key
from shared.table_client import Item
from shared.writes import delete, update

RESUMED_AGAIN_SECONDS = 2.0
"""A `resume` of the same chat that comes so soon before or after an `abort` is the same reader, mounted twice."""


@dataclass(frozen=True)
class Request:
    """A request of a user on one connection."""

    owner: str
    connection_id: str
    request_id: str

    def resume(self, stream_id: str, chat_id: str) -> None:
        """Notes that the request is a `resume`, and of what."""
        self._mark({"streamId": stream_id, "chatId": chat_id, "resumedAt": time.time()})

    def detach(self) -> bool:
        """Notes that the client does not wait for the request any more; whether it is known to be a `resume`."""
        return "streamId" in self._mark({"detachedAt": time.time()})

    def detached_at(self) -> float | None:
        """When the client has let go of it, in epoch seconds; None as long as it waits."""
        item = table().get(self._key)
        return None if item is None else item.get("detachedAt")

    def forget(self) -> None:
        """Removes what is known of the request: nobody reads for it any more."""
        table().write(delete(self._key))

    @property
    def _key(self) -> Key:
        return request_key(self.owner, self.connection_id, self.request_id)

    def _mark(self, values: Mapping[str, object]) -> Item:
        """Sets attributes; the item as it is then."""
        return table().write(update(self._key, {**values, "expiresAt": int(time.time()) + CONNECTION_SECONDS}))


def is_resumed(owner: str, chat_id: str, around: float) -> bool:
    """Whether the user has resumed this chat at about that time (epoch seconds), and still waits for it."""
    attached = "#chatId = :chat AND attribute_not_exists(#detachedAt) AND #resumedAt BETWEEN :from AND :to"
    values = {
        ":chat": chat_id,
        ":from": around - RESUMED_AGAIN_SECONDS,
        ":to": around + RESUMED_AGAIN_SECONDS,
    }
    return any(table().pages_of(request_key(owner, "", ""), REQUESTS_PREFIX, FilterExpression=attached, **values))
