"""Ends a stream in one transaction, exactly once: its record, its usage record, its lease, its place among the streams
of its user, its answer in the chat's history, and what it costs."""

import secrets
import time
from collections.abc import Mapping, Sequence

from botocore.exceptions import ClientError

from shared.credits.bill import Bill
from shared.limits.account import give_back
from shared.streams.records import KEPT_SECONDS, OpenStream
from shared.streams.start import StreamStart
from shared.streams.usage_item import usage_item, usage_reference
from shared.streams.usage_record import UsageRecord
from shared.table.client import ConditionFailed, Contended, TableClient
from shared.table.keys import lease_key, message_key, record_key
from shared.table.patience import Patience
from shared.table.refusals import cancellation_codes
from shared.table.writes import delete, put, update, where
from shared.telemetry.log import logger

HELD_WHILE_OPEN = ("open", "leaseExpiresAt", "address", "claimedBy")
"""What a record holds no longer than its stream is open: all but `address` only if the stream was superseded."""


def end_stream(
    table: TableClient,
    stream: StreamStart | OpenStream,
    usage: UsageRecord,
    answer: Sequence[Mapping[str, object]],
    *,
    holds_lease: bool,
) -> bool:
    """Whether this call has ended the stream. Raises Busy: then it may have.

    The record alone decides, and the usage record is written with it, under no condition of its own. A lease that a
    newer stream has taken over, and an answer that was cut off, continued by another stream or deleted with its chat,
    are left as they are. The rating of an answer that was continued was of what it said before. What the stream has
    held is settled in any case.
    """
    mark, now, booked = secrets.token_hex(8), time.time(), usage.to_json()
    mine = where("#fencingToken = :token", token=stream.fencing_token)
    ended = {"state": "ended", "endedAt": now, "expiresAt": int(now) + KEPT_SECONDS, "movedBy": mark}
    record = update(
        record_key(stream.owner, stream.stream_id),
        {**booked, **ended},
        where(
            "#fencingToken = :token AND #state = :started",
            token=stream.fencing_token,
            started="started",
        ),
        remove=HELD_WHILE_OPEN,
    )
    used = put(usage_item(stream, usage, now))
    message = message_key(stream.chat_id, stream.answer_index)
    done = {
        "state": "done",
        "metadata": {"streamId": stream.stream_id, **booked},
        "usageOf": usage_reference(stream, now),
    }
    complete = update(message, done, mine, append={"parts": answer}, remove=["rating"])
    without_text = update(message, done, mine, remove=["rating"])
    others = [complete]
    if holds_lease:  # else a newer stream has both
        others.append(delete(lease_key(stream.owner, stream.chat_id), mine))
        others.append(give_back(stream.owner, stream.chat_id, stream.fencing_token))
    bill = Bill.of(stream, usage.model, usage.usage)
    patience = Patience()
    while True:
        try:
            table.transact([record, used, *others, *bill.writes()], patience)
        except ConditionFailed as refusal:
            if 0 in refusal.items:
                # A transaction whose answer was lost is repeated: it may be this very call that ended the stream.
                return (refusal.items[0] or {}).get("movedBy") == mark
            bill = bill.after(refusal.items, 2 + len(others))
            others = [write for number, write in enumerate(others, 2) if number not in refusal.items]
        except Contended as conflict:
            patience.wait(conflict)
        except ClientError as error:
            if complete not in others or not _too_large(error):
                raise
            logger.error("the answer is too large for the history", extra={"streamId": stream.stream_id})
            others[0] = without_text
        else:
            return True


def _too_large(error: ClientError) -> bool:
    """Whether an item would be over 400 KB: the one thing that DynamoDB validates here and we do not."""
    code = error.response.get("Error", {}).get("Code")
    return code == "ValidationException" or "ValidationError" in cancellation_codes(error)
