"""What the table says of a stream, as objects."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, Self

from shared.contract.tiers import Tier
from shared.credits.terms import Terms
from shared.models.events import Usage
from shared.streams.start import Architecture, tier_of

RecordState = Literal["started", "ended"]

KEPT_SECONDS = 24 * 3600
"""How long a part can be read again; and at least so long the id of a stream stands for it."""
RECORD_KEPT_SECONDS = KEPT_SECONDS + 3600
"""How long a record is kept, from the start of its stream: a function runs for up to 15 minutes, so the last part may
expire that much later than the first, and an id may only be used again once all parts of its old stream have expired.
The end of a stream comes after its last part: from there KEPT_SECONDS are enough.
https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html"""
LEASE_SECONDS = 15
"""A stream whose worker has not renewed its lease for so long is taken for dead."""


@dataclass(frozen=True)
class StreamRecord:
    """A stream's lasting item. Times are epoch seconds."""

    owner: str
    stream_id: str
    chat_id: str
    state: RecordState
    message_id: str
    answer_index: int
    held_parts: int | None
    """How many parts the answer had before this stream, which continued it; None for a new answer."""
    started_at: float
    ended_at: float | None

    @classmethod
    def of(cls, item: Mapping[str, Any]) -> Self:
        """Reads a record that is no tombstone."""
        return cls(
            owner=item["owner"],
            stream_id=item["streamId"],
            chat_id=item["chatId"],
            state=item["state"],
            message_id=item["messageId"],
            answer_index=item["answerIndex"],
            held_parts=item.get("heldParts"),
            started_at=item["startedAt"],
            ended_at=item.get("endedAt"),
        )


@dataclass(frozen=True)
class OpenStream:
    """A stream that has not ended, with what its reaper needs. `lease_expires_at` is in epoch seconds."""

    owner: str
    tier: Tier
    architecture: Architecture
    stream_id: str
    chat_id: str
    fencing_token: str
    message_id: str
    answer_index: int
    lease_expires_at: float
    address: Mapping[str, str]
    usage: Usage | None
    """The totals of the last renewal; None if there was none."""
    model: str | None
    cancelled: bool
    """Whether its user has stopped it."""
    reader_dropped_at: float | None
    """When a reader was dropped, which may have been meant as a stop: epoch seconds."""
    claimed: bool
    """Whether a worker, or a reaper, has taken it."""
    holds_lease: bool
    """False when a newer stream of the chat has taken the lease over."""
    terms: Terms | None
    """What was held of the user's credits; None where nothing was."""

    @classmethod
    def of(cls, item: Mapping[str, Any]) -> Self:
        """Reads a lease, or the record of a stream that holds none any more."""
        usage = item.get("usage")
        return cls(
            owner=item["owner"],
            tier=tier_of(item),
            architecture=item["architecture"],
            stream_id=item["streamId"],
            chat_id=item["chatId"],
            fencing_token=item["fencingToken"],
            message_id=item["messageId"],
            answer_index=item["answerIndex"],
            lease_expires_at=item.get("leaseExpiresAt", item["startedAt"]),
            address=item["address"],
            usage=usage and Usage.from_json(usage),
            model=item.get("model"),
            cancelled=item.get("cancelled", False),
            reader_dropped_at=item.get("readerDroppedAt"),
            claimed="claimedBy" in item,
            holds_lease=item["pk"].startswith("user#"),
            terms=Terms.from_json(item.get("terms")),
        )
