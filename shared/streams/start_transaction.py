"""The writes that start a stream, all or none of them: made of what was read, and conditioned on it."""

import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Final

from shared.chats.chat import Chat
from shared.chats.history import Turn
from shared.chats.lists import listed
from shared.chats.title import first_title
from shared.contract.limits import START_WITHIN_SECONDS
from shared.credits.purse import Held
from shared.limits.limits import Hold
from shared.streams.records import LEASE_SECONDS, RECORD_KEPT_SECONDS
from shared.streams.start import StreamStart
from shared.table.client import Item
from shared.table.keys import Key, chat_key, lease_key, membership_key, message_key, record_key
from shared.table.writes import NEW, Write, put, update, where

HOLD: Final = 1
"""The number of the write that takes what the user's limits allow."""
CREDITS: Final = 2
"""The number of the write that holds credits, where they are counted."""


@dataclass(frozen=True)
class StartTransaction:
    """A stream that is to be started, and what was read of its chat: the chat itself, and the lease item there."""

    start: StreamStart
    turn: Turn
    request_hash: str
    address: Mapping[str, str]
    running: bool
    """Whether the caller runs it in the same invocation, and so needs no claim."""
    chat: Chat | None
    lease: Item | None
    hold: Hold
    held: Held | None
    """The credits that it holds; None where they are not counted."""

    @property
    def of_the_user(self) -> frozenset[int]:
        """The numbers of those writes that starts of one user have in common, whatever their chats."""
        return frozenset({HOLD} if self.held is None else {HOLD, CREDITS})

    def again(self, met: Mapping[int, Item | None]) -> "StartTransaction":
        """The same, decided anew where writes `of_the_user` have met these items.

        Raises RateLimited, ConcurrencyExceeded or InsufficientCredits.
        """
        hold = self.hold.again(met[HOLD]) if HOLD in met else self.hold
        if self.held is None or CREDITS not in met:
            return replace(self, hold=hold)
        held = self.held.again(met[CREDITS])
        start = replace(self.start, max_output_tokens=held.max_output_tokens, terms=held.terms)
        return replace(self, start=start, hold=hold, held=held)

    def writes(self) -> Iterator[Write]:
        """The record is the first: it tells whether the stream was registered before."""
        now = time.time()
        yield self._record(now)
        yield self.hold.write
        if self.held is not None:
            yield from self.held.writes
        yield self._lease(now)
        yield from self._history(now)
        if self.lease is not None and self.lease["expiresAt"] > now:
            yield _superseded_record(self.lease, now)

    def _record(self, now: float) -> Write:
        item = {**record_key(self.start.owner, self.start.stream_id), **self._both(now), "state": "started"}
        return put(item, where("attribute_not_exists(#pk) OR #expiresAt < :now", now=now))

    def _lease(self, now: float) -> Write:
        held = {
            "state": "running" if self.running else "registered",
            "claimedBy": self.start.fencing_token if self.running else None,
            "cancelled": False,
            "leaseExpiresAt": now + LEASE_SECONDS + (0 if self.running else START_WITHIN_SECONDS),
            "open": self.start.architecture,
        }
        as_read = (
            where(
                "#fencingToken = :token AND #state = :state",
                token=self.lease["fencingToken"],
                state=self.lease["state"],
            )
            if self.lease
            else NEW
        )
        return put({**lease_key(self.start.owner, self.start.chat_id), **self._both(now), **held}, as_read)

    def _both(self, now: float) -> dict[str, object]:
        """What lease and record have in common."""
        start = self.start
        return {
            "owner": start.owner,
            "tier": start.tier,
            "streamId": start.stream_id,
            "chatId": start.chat_id,
            "fencingToken": start.fencing_token,
            "requestHash": self.request_hash,
            "architecture": start.architecture,
            "address": dict(self.address),
            "messageId": start.message_id,
            "answerIndex": start.answer_index,
            "heldParts": self.turn.held_parts,
            "terms": start.terms and start.terms.to_json(),
            "startedAt": now,
            "expiresAt": int(now) + RECORD_KEPT_SECONDS,
        }

    def _history(self, now: float) -> Iterator[Write]:
        start, turn, said = self.start, self.turn, self.turn.said
        grown = {"length": turn.answer_index + 1, "updatedAt": now, "latestToken": start.fencing_token}
        chat = self.chat
        if chat is None:
            title = first_title(said.text if said else "")
            first: dict[str, object] = {
                "owner": start.owner,
                "members": [],
                "title": title,
                "createdAt": now,
                "version": 1,
            }
            yield put({**chat_key(start.chat_id), **first, **grown}, NEW)
        else:
            title = chat.title
            changed = {**grown, "version": chat.version + 1}
            yield update(chat_key(chat.id), changed, where("#version = :version", version=chat.version))
        if said is not None:
            spoken = {"id": said.id, "role": "user", "parts": [{"type": "text", "text": said.text}], "createdAt": now}
            yield put({**message_key(start.chat_id, turn.answer_index - 1), **spoken})
        yield self._answer(message_key(start.chat_id, turn.answer_index), now)
        membership = {
            "chatId": start.chat_id,
            "title": title,
            "role": "owner" if chat is None else chat.role_of(start.owner),
            "updatedAt": now,
            "listed": listed("chat", now, start.chat_id),
            "latestStream": start.stream_id,
        }
        yield update(membership_key(start.owner, start.chat_id), membership)

    def _answer(self, key: Key, now: float) -> Write:
        written_by = {
            "streamId": self.start.stream_id,
            "fencingToken": self.start.fencing_token,
            "state": "streaming",
            "tokensLeft": self.start.max_output_tokens,
        }
        if self.turn.held_parts is not None:
            return update(key, written_by)
        new: dict[str, object] = {"id": self.start.message_id, "role": "assistant", "parts": [], "createdAt": now}
        return put({**key, **new, **written_by})


def _superseded_record(lease: Item, now: float) -> Write:
    """The superseded stream lives on in its record until it ends: so the sweep still finds it if its worker is dead.

    No heartbeat renews it there. So if its worker lives, it has a whole lease to end the stream.
    """
    held = {name: lease.get(name) for name in ("open", "leaseExpiresAt", "claimedBy", "usage", "model")}
    if lease["leaseExpiresAt"] > now:
        held["leaseExpiresAt"] = max(lease["leaseExpiresAt"], now + LEASE_SECONDS)
    started = where("#fencingToken = :token AND #state = :started", token=lease["fencingToken"], started="started")
    return update(record_key(lease["owner"], lease["streamId"]), held, started)
