"""What a user has used of their limits, and the write that uses more: one item, bounded by its own conditions.

    {"fullAt": ms, "leases": {"<chat id>": {"token", "until": ms, "paid": ms}}, "expiresAt": s}

`fullAt` is the user's moment in the rate (`shared.limits.rate`). `leases` are the streams that count as running, one in
each chat at most: a stream that supersedes another takes its place. `paid` is what the start has moved `fullAt` by.

A condition is a bound, such as `size(leases) < :room`, and never equality with what was read: starts at the same moment
do not refuse each other, as long as there is room for all. What is removed is named, and removed as it was read. A
write that was refused has met the item, so it is decided anew without another read.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from shared.contract.limits import START_WITHIN_SECONDS
from shared.contract.policy import Figures
from shared.contract.quota import Quota
from shared.contract.tiers import Tier
from shared.credits.purse import Purse
from shared.errors import ConcurrencyExceeded, RateLimited
from shared.limits.rate import HOUR_MILLISECONDS, IMPOSSIBLE_MILLISECONDS, Rate
from shared.table.client import Item
from shared.table.keys import limits_key
from shared.table.writes import NEW, Write, put, update_by

LONGEST_STREAM_SECONDS: Final = 900
"""A function runs no longer. https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html"""
LEASE_MILLISECONDS: Final = (START_WITHIN_SECONDS + LONGEST_STREAM_SECONDS) * 1000
"""A lease that nobody has given back is over when no stream can run any more that was started with it."""
KEPT_SECONDS: Final = 2 * HOUR_MILLISECONDS // 1000
"""How long the item is kept after the last start: nothing in it means anything by then."""
ASK_AGAIN_SECONDS: Final = 5
"""When a running answer ends nobody knows: a client asks again after this."""


@dataclass(frozen=True)
class Account:
    """One user's limits, and what the table says of their use. `now` is in epoch milliseconds."""

    owner: str
    tier: Tier
    figures: Figures
    item: Item | None
    now: int
    dead: frozenset[str] = field(default_factory=frozenset[str])
    """Fencing tokens of leases that are not over and whose streams do not run any more."""
    purse: Purse | None = None
    """The user's credits; None where they are not counted."""

    @property
    def rate(self) -> Rate:
        """The user's rate of requests."""
        return Rate(self.figures.requests_per_hour)

    @property
    def running(self) -> Mapping[str, Mapping[str, Any]]:
        """The leases that count, by chat."""
        return {chat_id: lease for chat_id, lease in self._leases.items() if chat_id not in self._over}

    def requests(self) -> Quota:
        """The requests of an hour, and what is left of them."""
        remaining, seconds = self.rate.remaining(self._full_at, self.now), self.rate.next_in(self._full_at, self.now)
        limit = self.figures.requests_per_hour
        return Quota("requests", self.tier, limit, remaining, math.ceil(seconds / 1000), HOUR_MILLISECONDS // 1000)

    def streams(self) -> Quota:
        """The streams that may run at once, and how many more may now."""
        limit = self.figures.concurrent_streams
        return Quota("concurrent-streams", self.tier, limit, max(0, limit - len(self.running)))

    def hold(self, chat_id: str, token: str, *, counts: bool) -> Write:
        """The write that starts a stream in this chat; one that `counts` is a request of its own.

        Raises RateLimited or ConcurrencyExceeded: then nothing is to be written.
        """
        supersedes = chat_id in self.running
        self._refuse(counts=counts, another=not supersedes)
        paid = self.rate.interval if counts else 0
        lease = {"token": token, "until": self.now + LEASE_MILLISECONDS, "paid": paid}
        kept = {"expiresAt": self.now // 1000 + KEPT_SECONDS}
        if self.item is None:
            return put({**limits_key(self.owner), "fullAt": self.now + paid, "leases": {chat_id: lease}, **kept}, NEW)
        return self._update(chat_id, {"lease": lease, **kept}, paid, supersedes=supersedes)

    def _refuse(self, *, counts: bool, another: bool) -> None:
        wait = self.rate.wait(self._full_at, self.now) if counts else 0
        if wait:
            seconds = math.ceil(wait / 1000)
            limit = self.figures.requests_per_hour
            message = f"You have {limit} requests an hour (tier {self.tier}). The next one is good in {seconds} s."
            raise RateLimited(message, retry_after=seconds, quota=self.requests())
        limit = self.figures.concurrent_streams
        if another and len(self.running) >= limit:
            message = f"You run {limit} of {limit} answers (tier {self.tier}). Wait for one to end, or stop one."
            raise ConcurrencyExceeded(message, retry_after=ASK_AGAIN_SECONDS, quota=self.streams())

    def _update(self, chat_id: str, values: Mapping[str, object], paid: int, *, supersedes: bool) -> Write:
        """For an item that is there."""
        sets = ["#leases.#chat = :lease", "#expiresAt = :expiresAt"]
        names = {"#chat": chat_id}
        given = dict(values)
        conditions: list[str] = []
        removes: list[str] = []
        if paid:
            given["now"] = self.now
            if self.now <= self._full_at <= self.now + IMPOSSIBLE_MILLISECONDS:
                sets.append("#fullAt = #fullAt + :paid")
                given |= {"paid": paid, "latest": self.now + self.rate.latest}
                conditions.append("#fullAt BETWEEN :now AND :latest")
            else:
                sets.append("#fullAt = :again")
                given |= {"again": self.now + paid, "far": self.now + IMPOSSIBLE_MILLISECONDS}
                conditions.append("(#fullAt < :now OR #fullAt > :far)")
        if supersedes:
            conditions.append("attribute_exists(#leases.#chat)")
        else:
            over = self._over
            conditions.append("size(#leases) < :room")
            given["room"] = self.figures.concurrent_streams + len(over)
            for number, (over_chat, lease) in enumerate(sorted(over.items())):
                names[f"#o{number}"] = over_chat
                given[f"o{number}"] = lease["token"]
                conditions.append(f"#leases.#o{number}.#token = :o{number}")
                if over_chat != chat_id:
                    removes.append(f"#leases.#o{number}")
        return update_by(limits_key(self.owner), sets, conditions, given, removes=removes, names=names)

    @property
    def _full_at(self) -> int:
        return self.item["fullAt"] if self.item else 0

    @property
    def _leases(self) -> Mapping[str, Mapping[str, Any]]:
        return self.item["leases"] if self.item else {}

    @property
    def _over(self) -> Mapping[str, Mapping[str, Any]]:
        """The leases that do not count any more, and that nobody has given back."""
        return {
            chat_id: lease
            for chat_id, lease in self._leases.items()
            if lease["until"] <= self.now or lease["token"] in self.dead
        }


def give_back(owner: str, chat_id: str, token: str, *, unused: bool = False) -> Write:
    """Gives the lease of a stream back, and of one that never ran (`unused`) the request as well.

    It is refused where the lease is not the stream's any more: then there is nothing to give back.
    """
    return update_by(
        limits_key(owner),
        ["#fullAt = #fullAt - #leases.#chat.#paid"] if unused else [],
        ["#leases.#chat.#token = :token"],
        {"token": token},
        removes=["#leases.#chat"],
        names={"#chat": chat_id},
    )
