"""The limits of users: the policy of the stack, what the table says of a user, and what a start may take of both."""

import os
import secrets
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final, Self

from shared.contract.environment import Variable
from shared.contract.policy import POLICY, Policy, policy_with
from shared.contract.quota import Quota
from shared.contract.tiers import Tier
from shared.credits.credits import Credits
from shared.errors import ConcurrencyExceeded
from shared.limits.account import Account
from shared.limits.override import limits_of
from shared.protocol.strict_json import read_object
from shared.table.client import Item, TableClient
from shared.table.keys import Key, credits_key, lease_key, limits_key, override_key
from shared.table.patience import Patience
from shared.table.writes import Write

BROKEN_OFF_BY_US: Final = frozenset({"deadline", "internal"})
"""Stop reasons of an answer whose continuation is no request of its own: its time was over, or its worker died."""


@dataclass(frozen=True)
class Hold:
    """What a start takes: a lease in its chat, and a request if it `counts`. Refused as it is made."""

    account: Account
    chat_id: str
    token: str
    """The start's fencing token."""
    counts: bool
    max_output_tokens: int
    write: Write

    def again(self, item: Item | None) -> "Hold":
        """The same, decided anew on the item that the write has met. Raises RateLimited or ConcurrencyExceeded."""
        account = replace(self.account, item=item)
        return replace(self, account=account, write=account.hold(self.chat_id, self.token, counts=self.counts))


@dataclass(frozen=True)
class Standing:
    """What a user may do now."""

    account: Account
    max_output_tokens: int

    @property
    def quotas(self) -> Sequence[Quota]:
        """Requests, concurrent streams, and credits where they are counted."""
        purse = self.account.purse
        return [self.account.requests(), self.account.streams(), *([purse.quota()] if purse else [])]

    def to_json(self) -> dict[str, object]:
        """`{"tier", "features", "maxOutputTokens", "quotas": [{"name", "limit", "remaining", …}]}`."""
        features = self.account.figures.to_json()["features"]
        return {
            "tier": self.account.tier.value,
            "features": features,
            "maxOutputTokens": self.max_output_tokens,
            "quotas": [quota.to_json() for quota in self.quotas],
        }


class Limits:
    """The limits of all users. `max_output_tokens` is the longest answer of the stack, whatever a tier has; `credits`
    is None where they are not counted."""

    def __init__(
        self, table: TableClient, max_output_tokens: int, policy: Policy = POLICY, credits: Credits | None = None
    ) -> None:
        self._table = table
        self._policy = policy
        self._max_output_tokens = max_output_tokens
        self._credits = credits

    @classmethod
    def from_environment(cls) -> Self:
        """The table of `STREAMS_TABLE`, answers of at most `MODEL_MAX_OUTPUT_TOKENS`, what `LIMITS` changes, and
        `CREDITS`.

        Raises PolicyError: a function that does not know its limits does not start.
        """
        changes = read_object(os.environ.get(Variable.LIMITS, "{}"), Variable.LIMITS)
        most_tokens = int(os.environ[Variable.MODEL_MAX_OUTPUT_TOKENS])
        return cls(TableClient.from_environment(), most_tokens, policy_with(changes), Credits.from_environment())

    def keys(self, owner: str) -> Sequence[Key]:
        """The items that `account` takes, in their order."""
        return [limits_key(owner), override_key(owner), *([credits_key(owner)] if self._credits else [])]

    def account(self, owner: str, tier: Tier, items: Sequence[Item | None]) -> Account:
        """A user of this tier, as these items say."""
        now = time.time()
        used, override, *rest = items
        better, figures = limits_of(self._policy, tier, override, now)
        moment = int(now * 1000)
        purse = self._credits.purse(owner, better, figures, rest[0], moment) if self._credits else None
        return Account(owner, better, figures, used, moment, purse=purse)

    def standing(self, owner: str, tier: Tier) -> Standing:
        """What a user of this tier may do now."""
        account = self.account(owner, tier, self._table.get_many(self.keys(owner)))
        return Standing(account, self._most_tokens(account))

    def hold(self, account: Account, chat_id: str, continued: Item | None, patience: Patience) -> Hold:
        """What a start in this chat takes; `continued` is the answer in the history that it goes on with, if it does.

        Raises RateLimited, ConcurrencyExceeded or InsufficientCredits. A user who may run no more streams is refused
        only after another look at those that run: a worker may have died.
        """
        left = None if continued is None else tokens_left(continued)
        most, counts = self._most_tokens(account), left is None
        token = secrets.token_hex(8)
        try:
            write = account.hold(chat_id, token, counts=counts)
        except ConcurrencyExceeded:
            account = replace(account, dead=self._dead(account, patience))
            write = account.hold(chat_id, token, counts=counts)
        tokens = most if left is None else min(most, left)
        if account.purse is not None:  # before the history is read
            account.purse.check(tokens)
        return Hold(account, chat_id, token, counts, tokens, write)

    def _most_tokens(self, account: Account) -> int:
        return min(self._max_output_tokens, account.figures.max_output_tokens)

    def _dead(self, account: Account, patience: Patience) -> frozenset[str]:
        """The tokens of leases whose stream has ended, or has a worker that is silent for too long."""
        chats = list(account.running)
        items = self._table.get_many([lease_key(account.owner, chat_id) for chat_id in chats], patience)
        tokens = [account.running[chat_id]["token"] for chat_id in chats]
        alive = [_lives(item, token, account.now) for item, token in zip(items, tokens, strict=True)]
        return frozenset(token for token, lives in zip(tokens, alive, strict=True) if not lives)


def tokens_left(answer: Mapping[str, Any]) -> int | None:
    """What an answer that broke off through no act of its user has left of the tokens that it was started with.

    None when going on with it is a request like any other: it came to its end or its bound, or was stopped.
    """
    booked = answer.get("metadata", {})
    if booked.get("stopReason") not in BROKEN_OFF_BY_US or "tokensLeft" not in answer:
        return None
    left = answer["tokensLeft"] - booked["usage"]["outputTokens"]
    return left if left > 0 else None


def _lives(lease: Item | None, token: str, now: int) -> bool:
    return lease is not None and lease["fencingToken"] == token and lease["leaseExpiresAt"] * 1000 > now
