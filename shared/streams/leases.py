"""The leases of running streams: kept alive by heartbeats, which hear from them what was asked of their streams."""

import time
from contextlib import suppress
from dataclasses import dataclass
from typing import Literal

from shared.models.events import Usage
from shared.streams.readers import RESUMED_AGAIN_SECONDS, Readers
from shared.streams.records import LEASE_SECONDS, OpenStream
from shared.streams.start import StreamStart
from shared.table.client import ConditionFailed, Item, TableClient
from shared.table.keys import lease_key
from shared.table.patience import Patience
from shared.table.writes import update, where

LeaseState = Literal["running", "cancelled", "superseded"]
"""`superseded`: the lease item is not this stream's any more."""
EXPIRES_SOON_SECONDS = 5.0
"""A lease that is good for so long at most is renewed by the next look: its writer may have waited for the table."""
HEARTBEAT_PATIENCE_SECONDS = 0.5
"""How long a request of a heartbeat is repeated: the next beat comes in a second, and the reaper watches for it."""


@dataclass(frozen=True)
class LeaseNews:
    """What a heartbeat has heard."""

    state: LeaseState
    look_again_at: float | None = None
    """When it has to look again, in epoch seconds: then it is known whether a reader that was dropped meant a stop."""
    renewal_due: bool = False
    """Whether the lease has to be renewed at once, which tells the rest: the reaper asks for it, or it expires soon."""


class Leases:
    """The lease items of a table."""

    def __init__(self, table: TableClient) -> None:
        self._table = table
        self._readers = Readers(table)

    def look(self, start: StreamStart) -> LeaseNews:
        """Reads the lease item: what was asked of the stream meanwhile."""
        lease = self._table.get(lease_key(start.owner, start.chat_id), Patience(HEARTBEAT_PATIENCE_SECONDS))
        if lease is not None and ("probedAt" in lease or lease["leaseExpiresAt"] < time.time() + EXPIRES_SOON_SECONDS):
            return LeaseNews("running", renewal_due=True)
        return self._news(start, lease)

    def renew(self, start: StreamStart, usage: Usage, model: str) -> LeaseNews:
        """Renews the lease, reports the totals so far, and hears what was asked meanwhile."""
        totals = {"leaseExpiresAt": time.time() + LEASE_SECONDS, "usage": usage.to_json(), "model": model}
        mine = where("#fencingToken = :token", token=start.fencing_token)
        renewal = update(lease_key(start.owner, start.chat_id), totals, mine, remove=["probedAt"])
        try:
            return self._news(start, self._table.write(renewal, Patience(HEARTBEAT_PATIENCE_SECONDS)))
        except ConditionFailed:
            return LeaseNews("superseded")

    def probe(self, stream: OpenStream) -> None:
        """Asks a worker for a sign of life: if it lives, its next heartbeat renews the lease."""
        mine = where("#fencingToken = :token", token=stream.fencing_token)
        with suppress(ConditionFailed):
            self._table.write(update(lease_key(stream.owner, stream.chat_id), {"probedAt": time.time()}, mine))

    def drop_reader(self, owner: str, chat_id: str, stream_id: str) -> None:
        """Notes on a running stream that one of its readers was dropped. Two seconds later whoever runs it finds out
        whether that was a stop: see shared.streams.readers."""
        running = where("#streamId = :stream", stream=stream_id)
        with suppress(ConditionFailed):
            self._table.write(update(lease_key(owner, chat_id), {"readerDroppedAt": time.time()}, running))

    def _news(self, start: StreamStart, lease: Item | None) -> LeaseNews:
        if lease is None or lease["fencingToken"] != start.fencing_token:
            return LeaseNews("superseded")
        if lease["cancelled"]:
            return LeaseNews("cancelled")
        dropped_at = lease.get("readerDroppedAt")
        if dropped_at is None:
            return LeaseNews("running")
        if time.time() < dropped_at + RESUMED_AGAIN_SECONDS:
            return LeaseNews("running", look_again_at=dropped_at + RESUMED_AGAIN_SECONDS)
        patience = Patience(HEARTBEAT_PATIENCE_SECONDS)
        if not self._readers.is_read_again(start.owner, start.chat_id, dropped_at, patience):
            return LeaseNews("cancelled")
        with suppress(ConditionFailed):  # another was dropped meanwhile, or the lease item has gone
            settled = where("#readerDroppedAt = :dropped", dropped=dropped_at)
            key = lease_key(start.owner, start.chat_id)
            self._table.write(update(key, {}, settled, remove=["readerDroppedAt"]), patience)
        return LeaseNews("running")
