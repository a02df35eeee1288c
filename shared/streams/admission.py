"""Everything before the model: access to the chat, limits, then the registration of the stream, in one transaction.

The transaction's conditions hold all that was read (chat, lease, record, then the history), and bound what the user has
used. A request that loses a race reads again and decides anew, so two equal requests at one moment become one stream;
one that lost no more than its place among the user's own decides that alone anew. Nothing is written for a request that
is refused. Nothing that was said in a chat is read for somebody who may not see it: how long that takes would tell how
long the chat is.
"""

import os
import time
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import chain
from typing import Self

from shared.chats.chat import Chat, not_found
from shared.chats.history import StoredMessage, next_turn
from shared.chats.messages import newest_first
from shared.contract.environment import Variable
from shared.contract.tiers import Tier
from shared.errors import (
    AlreadyStarted,
    Busy,
    ConcurrencyExceeded,
    InsufficientCredits,
    RateLimited,
    StreamCancelled,
)
from shared.limits.limits import Hold, Limits
from shared.limits.refusals import record_refusal
from shared.protocol.request import ChatRequest
from shared.streams.start import Architecture, StreamStart, new_stream_id
from shared.streams.start_transaction import StartTransaction
from shared.table.client import ConditionFailed, Contended, Item, TableClient
from shared.table.keys import chat_key, lease_key, record_key
from shared.table.patience import Patience


@dataclass(frozen=True)
class Joined:
    """Nothing was started: an equal request runs, or (of an explicit id) ran. Follow its journal from 0."""

    stream_id: str


@dataclass(frozen=True)
class _Call:
    """One call of `admit`."""

    owner: str
    tier: Tier
    request: ChatRequest
    stream_id: str
    explicit: bool
    correlation_id: str
    address: Mapping[str, str]
    running: bool
    patience: Patience
    tried: dict[str, StreamStart] = field(default_factory=dict[str, StreamStart])
    """What this call has tried to register, by fencing token: one of them may be registered whose answer was lost."""


class Admission:
    """Admits requests of one architecture."""

    def __init__(self, table: TableClient, architecture: Architecture, limits: Limits) -> None:
        self.table = table
        self._architecture: Architecture = architecture
        self.limits = limits

    @classmethod
    def from_environment(cls) -> Self:
        """The table of `STREAMS_TABLE`, for `ARCHITECTURE`, with the limits of the environment."""
        return cls(TableClient.from_environment(), os.environ[Variable.ARCHITECTURE], Limits.from_environment())

    def admit(
        self,
        owner: str,
        request: ChatRequest,
        *,
        tier: Tier,
        stream_id: str | None,
        correlation_id: str,
        address: Mapping[str, str] = {},
        running: bool = False,
    ) -> StreamStart | Joined:
        """Registers the stream of a request; in this chat it supersedes one of the same user that still runs.

        `stream_id` None (a client that chose none) joins a running stream of an equal request. A chosen id stands for
        one request for as long as the stream is kept: an equal one joins it, running or ended.
        `address` is what the worker's transport needs to reach the client. `running`: the caller runs the stream in
        the same invocation, and need not claim it.
        Raises NotFound (a chat of others), AlreadyStarted (the id, for another request), StreamCancelled (a cancel
        was faster), InvalidRequest; RateLimited, ConcurrencyExceeded or InsufficientCredits, by the limits of the user,
        whose groups say the `tier`; Busy when others were faster for too long, or the table does not answer: then
        nothing is registered, as far as the table can be asked.
        """
        explicit = stream_id is not None
        named = stream_id if explicit else new_stream_id()
        patience = Patience.for_a_race()
        call = _Call(owner, tier, request, named, explicit, correlation_id, address, running, patience)
        try:
            while True:
                outcome = self._decide(call)
                while isinstance(outcome, StartTransaction):
                    outcome = self._register(call, outcome)
                if outcome is not None:
                    return outcome
                patience.wait()
        except (RateLimited, ConcurrencyExceeded, InsufficientCredits) as refusal:
            record_refusal(refusal, correlation_id)
            raise

    def _decide(self, call: _Call) -> StartTransaction | StreamStart | Joined | None:
        """What the table makes of a request; None if it was changed while it was read."""
        owner, request = call.owner, call.request
        keys = [chat_key(request.chat_id), record_key(owner, call.stream_id), lease_key(owner, request.chat_id)]
        items = self.table.get_many([*keys, *self.limits.keys(owner)], call.patience)
        chat_item, record, lease, *of_user = items
        if started := _started(call, record):
            return started
        chat = Chat.seen_by(owner, request.chat_id, chat_item)
        joined = _joined_by_id(call, record) if call.explicit else _joined_by_request(request, lease)
        if joined is not None:
            return joined
        if chat is None and request.message is None:
            raise not_found(request.chat_id)
        account = self.limits.account(owner, call.tier, of_user)

        def hold(continued: Item | None = None) -> Hold:
            return self.limits.hold(account, request.chat_id, continued, call.patience)

        if chat is None:
            return self._registration(call, None, lease, hold(), [])
        # Nobody's history is read for a request that has to wait; what a continuation is depends on what it continues.
        held = hold() if request.continues is None else None
        messages = newest_first(self.table, chat.id, chat.length)
        last = next(messages, None)
        if last is None or last.get("fencingToken") != chat.latest_token:
            return None  # the history is newer than the chat
        newest = map(StoredMessage.of, chain([last], messages))
        return self._registration(call, chat, lease, held or hold(last), newest)

    def _registration(
        self, call: _Call, chat: Chat | None, lease: Item | None, hold: Hold, messages: Iterable[StoredMessage]
    ) -> StartTransaction:
        turn = next_turn(call.request, call.stream_id, chat.length if chat else 0, messages)
        purse = hold.account.purse
        held = None if purse is None else purse.hold(hold.token, turn.prompt, hold.max_output_tokens)
        start = StreamStart(
            owner=call.owner,
            tier=hold.account.tier,
            stream_id=call.stream_id,
            chat_id=call.request.chat_id,
            fencing_token=hold.token,
            architecture=self._architecture,
            message_id=turn.answer_id,
            answer_index=turn.answer_index,
            messages=turn.prompt,
            max_output_tokens=held.max_output_tokens if held else hold.max_output_tokens,
            correlation_id=call.correlation_id,
            terms=held and held.terms,
        )
        request_hash = call.request.request_hash
        return StartTransaction(start, turn, request_hash, call.address, call.running, chat, lease, hold, held)

    def _register(self, call: _Call, registration: StartTransaction) -> StartTransaction | StreamStart | None:
        """The stream that this call has registered; None when what was read has changed, or changes now. Another
        registration when the user alone was faster: it is made of the item that was met."""
        start = registration.start
        call.tried[start.fencing_token] = start
        try:
            self.table.transact(list(registration.writes()), call.patience)
        except ConditionFailed as refusal:
            if not registration.of_the_user.issuperset(refusal.items):
                return _started(call, refusal.items.get(0))
            call.patience.wait()
            with suppress(ConcurrencyExceeded):  # unless one of those that run is dead
                return registration.again(refusal.items)
            return None
        except Contended:
            return None
        except Busy:  # it may be registered all the same
            [record] = self.table.get_many([record_key(start.owner, start.stream_id)], call.patience)
            return _started(call, record)
        return start


def _started(call: _Call, record: Item | None) -> StreamStart | None:
    """The stream of this record, if this very call has registered it."""
    return call.tried.get(record["fencingToken"]) if record else None


def _joined_by_id(call: _Call, record: Item | None) -> Joined | None:
    if record is None or record["expiresAt"] < time.time():
        return None
    if record["state"] == "cancelled":
        raise StreamCancelled(f"The stream {call.stream_id!r} was cancelled before it was started.")
    if record["requestHash"] != call.request.request_hash:
        raise AlreadyStarted(f"The stream {call.stream_id!r} was started with another request. Choose a new id.")
    return Joined(call.stream_id)


def _joined_by_request(request: ChatRequest, lease: Item | None) -> Joined | None:
    if lease is None or lease["requestHash"] != request.request_hash or lease["cancelled"]:
        return None
    return Joined(lease["streamId"]) if lease["leaseExpiresAt"] > time.time() else None
