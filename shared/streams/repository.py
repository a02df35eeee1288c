"""The streams in DynamoDB: claimed by one worker, kept alive by its heartbeat, cancelled, found when dead, ended once.

A stream begins with admission's transaction. While it runs, the lease item of its user and chat says so: a newer stream
of the same user in that chat overwrites the item, and the older stream finds out with its next heartbeat. The record
lasts. Each start has a fencing token, which stands in the condition of each of its writes: an id that is used again is
another stream.
"""

import secrets
import time
from collections.abc import Iterator, Mapping, Sequence
from typing import Literal, Self

from shared.chats.chat import Chat
from shared.contract.table import OPEN_INDEX
from shared.credits.bill import Bill
from shared.errors import InvalidRequest, NotFound
from shared.limits.account import give_back
from shared.protocol.cursor import Cursor
from shared.streams.end_transaction import end_stream
from shared.streams.leases import Leases
from shared.streams.readers import Readers
from shared.streams.records import LEASE_SECONDS, OpenStream, StreamRecord
from shared.streams.start import Architecture, StreamStart
from shared.streams.usage_record import UsageRecord
from shared.table.cancel_mark import cancel_running
from shared.table.client import MAX_BATCH_GET, ConditionFailed, Contended, TableClient
from shared.table.keys import Key, chat_key, lease_key, membership_key, message_key, record_key
from shared.table.patience import Patience
from shared.table.writes import delete, put, update, where
from shared.telemetry.log import logger

Claim = Literal["claimed", "cancelled", "taken", "superseded"]
"""`taken`: somebody else has the stream, or had it: do nothing. `cancelled`, `superseded`: the stream is the caller's,
who must end it without calling the model."""
RESUMABLE_SECONDS = 60
"""How long after its end a stream is still offered to a client that was cut off just before."""
TOMBSTONE_SECONDS = 60
"""How long a cancel waits for the start that it was faster than."""


class StreamRepository:
    """The table of streams."""

    def __init__(self, table: TableClient) -> None:
        self.table = table
        self.leases = Leases(table)
        self._readers = Readers(table)

    @classmethod
    def from_environment(cls) -> Self:
        """The table named by `STREAMS_TABLE`."""
        return cls(TableClient.from_environment())

    def claim(self, start: StreamStart) -> Claim:
        """Takes the stream for the caller to run, or to end; of all deliveries of its event one gets it."""
        claimed = {"claimedBy": (mark := secrets.token_hex(8))}
        unclaimed = "#fencingToken = :token AND (attribute_not_exists(#claimedBy) OR #claimedBy = :mark)"
        running = {**claimed, "state": "running", "leaseExpiresAt": time.time() + LEASE_SECONDS}
        lease = update(
            lease_key(start.owner, start.chat_id),
            running,
            where(unclaimed, token=start.fencing_token, mark=mark),
        )
        try:
            return "cancelled" if self.table.write(lease)["cancelled"] else "claimed"
        except ConditionFailed as refusal:
            if (refusal.items[0] or {}).get("fencingToken") == start.fencing_token:
                return "taken"
        superseded = where(
            f"{unclaimed} AND #state = :started AND attribute_exists(#open)",
            token=start.fencing_token,
            mark=mark,
            started="started",
        )
        # No heartbeat renews it. From now on whoever has claimed the stream has as long to end it as any worker.
        ending = {**claimed, "leaseExpiresAt": time.time() + LEASE_SECONDS}
        try:
            self.table.write(update(record_key(start.owner, start.stream_id), ending, superseded))
        except ConditionFailed:
            return "taken"
        return "superseded"

    def end(
        self,
        stream: StreamStart | OpenStream,
        usage: UsageRecord,
        answer: Sequence[Mapping[str, object]],
        *,
        holds_lease: bool = True,
    ) -> bool:
        """Books what the stream used and adds the answer's parts to the history. False: another has ended it.

        `holds_lease=False` saves a request where it is known that a newer stream has the lease.
        """
        return end_stream(self.table, stream, usage, answer, holds_lease=holds_lease)

    def cancel(self, owner: str, stream_id: str) -> None:
        """Asks whoever runs the stream to stop. One that has ended is left alone.

        A start may be on its way that the cancel has overtaken: an id that is not known is refused for a minute.
        """
        now = time.time()
        tombstone = {
            **record_key(owner, stream_id),
            "state": "cancelled",
            "fencingToken": secrets.token_hex(8),
            "expiresAt": int(now) + TOMBSTONE_SECONDS,
        }
        unknown = where(
            "attribute_not_exists(#pk) OR #expiresAt < :now OR #state = :cancelled", now=now, cancelled="cancelled"
        )
        try:
            self.table.write(put(tombstone, unknown))
        except ConditionFailed as refusal:
            record = refusal.items[0]
            if record is not None and record["state"] == "started":
                cancel_running(self.table, owner, record["chatId"], record["fencingToken"])

    def was_cancelled(self, dead: OpenStream) -> bool:
        """Whether the user has stopped a stream whose worker died before it heard of that."""
        if dead.cancelled or dead.reader_dropped_at is None:
            return dead.cancelled
        return not self._readers.is_read_again(dead.owner, dead.chat_id, dead.reader_dropped_at)

    def record(self, owner: str, stream_id: str) -> StreamRecord | None:
        """What is kept of a stream; None when it never was, or is kept no more."""
        item = self.table.get(record_key(owner, stream_id))
        if item is None or item["state"] == "cancelled" or item["expiresAt"] < time.time():
            return None
        return StreamRecord.of(item)

    def resumable(self, owner: str, chat_id: str, after: Cursor | None = None) -> StreamRecord | None:
        """The stream that a reader goes on with: without a cursor the latest of this user in the chat, unless it ended
        over a minute ago; with one its own, whatever was started in the chat since.

        Raises NotFound for a chat of others, and for a cursor whose stream is kept no more; InvalidRequest for a cursor
        of another chat. A chat that is not known has nothing to resume.
        """
        if after is None:
            return self._latest(owner, chat_id)
        record = self.record(owner, after.stream_id)
        if record is None:
            raise NotFound("The stream of this cursor is no longer kept. Read the chat instead.")
        if record.chat_id != chat_id:
            raise InvalidRequest("This cursor is of a stream in another chat.")
        return record

    def _latest(self, owner: str, chat_id: str) -> StreamRecord | None:
        chat, membership = self.table.get_many([chat_key(chat_id), membership_key(owner, chat_id)])
        if Chat.seen_by(owner, chat_id, chat) is None or membership is None or "latestStream" not in membership:
            return None
        record = self.record(owner, membership["latestStream"])
        if record is None or (record.ended_at is not None and record.ended_at + RESUMABLE_SECONDS < time.time()):
            return None
        return record

    def open_streams(self, architecture: Architecture) -> Iterator[OpenStream]:
        """The streams whose lease has expired: nobody runs them any more, and nobody has ended them.

        One that cannot be read is left to the next sweep: it keeps no other from being found.
        """
        silent_since = time.time() - LEASE_SECONDS
        begun = {":open": architecture, ":since": silent_since}
        query = {"KeyConditionExpression": "#open = :open AND #startedAt < :since", "ConsistentRead": False}
        for page in self.table.pages(IndexName=OPEN_INDEX, **query, **begun):
            keys = [{"pk": item["pk"], "sk": item["sk"]} for item in page]
            for first in range(0, len(keys), MAX_BATCH_GET):
                yield from self._silent(keys[first : first + MAX_BATCH_GET])

    def _silent(self, keys: Sequence[Key]) -> Iterator[OpenStream]:
        try:
            items = self.table.get_many(keys)
            found = [OpenStream.of(item) for item in items if item is not None and "open" in item]
        except Exception:
            if len(keys) == 1:
                logger.exception("an open stream could not be read", extra={"stream": keys[0]})
            else:  # which of them it was
                for key in keys:
                    yield from self._silent([key])
        else:
            yield from (stream for stream in found if stream.lease_expires_at < time.time())

    def open_stream(self, owner: str, stream_id: str, fencing_token: str) -> OpenStream | None:
        """This very stream, if nobody has ended it, whatever its lease says."""
        record = self.table.get(record_key(owner, stream_id))
        if record is None or record["fencingToken"] != fencing_token or record["state"] != "started":
            return None
        lease = self.table.get(lease_key(owner, record["chatId"]))
        return OpenStream.of(lease if lease is not None and lease["fencingToken"] == fencing_token else record)

    def withdraw(self, start: StreamStart) -> bool:
        """Forgets a stream that nobody has claimed, so that its id may be used again; False when somebody has.

        The user's message stays in the history, and the answer's place in it, empty. It was no request.
        """
        unclaimed = "attribute_not_exists(#pk) OR #fencingToken = :token AND attribute_not_exists(#claimedBy)"
        open_record = where(f"{unclaimed} AND #state = :started", token=start.fencing_token, started="started")
        record = delete(record_key(start.owner, start.stream_id), open_record)
        lease = delete(lease_key(start.owner, start.chat_id), where(unclaimed, token=start.fencing_token))
        answer_is_mine = where("#fencingToken = :token", token=start.fencing_token)
        answer = update(message_key(start.chat_id, start.answer_index), {"state": "done"}, answer_is_mine)
        unused = give_back(start.owner, start.chat_id, start.fencing_token, unused=True)
        others = [lease, answer, unused]
        bill = Bill.of_none(start)
        patience = Patience()
        while True:
            try:
                self.table.transact([record, *others, *bill.writes()], patience)
            except ConditionFailed as refusal:
                claimed = (
                    item is not None and item.get("fencingToken") == start.fencing_token
                    for item in refusal.items.values()
                )
                if 0 in refusal.items or any(claimed):
                    return False
                bill = bill.after(refusal.items, 1 + len(others))
                others = [write for number, write in enumerate(others, 1) if number not in refusal.items]
            except Contended as conflict:
                patience.wait(conflict)
            else:
                return True
