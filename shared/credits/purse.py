"""What a user may spend, and the write that holds what an answer can cost.

    {"balance": n, "holds": {"<fencing token>": {"amount": n, "until": ms}}, "month": m, "allowance": n, "spent": n}

Amounts are in nano-dollars. What is held has left `balance`. `month` (counted from the year 0, in UTC) is the one of
the last refill, and `allowance` what it filled up to; `spent` is what has been settled since. Nothing runs when a month
begins: the first start in it brings the refill along. A refill gives back what was spent, up to the allowance. So
credits that an operator has granted are used after those of the month, and those of a month do not pile up.

A condition is a bound, `balance >= :net`, so starts at one moment do not refuse each other as long as the balance pays
for all. What has expired is given back by name, as it was read.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, Final

from shared.contract.credits import Entry, credits_needed, credits_of
from shared.contract.prices import TokenPrice
from shared.contract.quota import Quota
from shared.contract.tiers import Tier
from shared.credits.ledger import entry
from shared.credits.terms import Terms
from shared.errors import ConcurrencyExceeded, InsufficientCredits
from shared.protocol.request import Message
from shared.table.client import Item
from shared.table.keys import credits_key
from shared.table.writes import NEW, Write, put, update_by

HOLD_MILLISECONDS: Final = 3_600_000
"""A hold that nobody has settled is given back after an hour: a function runs for a quarter of it, and a reaper comes
each minute."""
MOST_HOLDS: Final = 200
"""All holds of a user are in one item, which each start writes. A user runs a hundred streams at most; the others are
superseded, and about to end."""
MOST_GIVEN_BACK: Final = 20
"""Holds that one start gives back: an expression has 4 KB.
https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Constraints.html#limits-expression-parameters"""
LEAST_OUTPUT_TOKENS: Final = 100
"""A shorter answer is not worth its prompt, unless its tier has no longer one: a balance that does not pay for so much
is refused."""
TOKENS_A_MESSAGE: Final = 16
"""What a model's own marks around one message come to, at most."""
TOKENS_A_PROMPT: Final = 64
"""The same, around a whole prompt."""
ASK_AGAIN_SECONDS: Final = 5
MONTHS: Final = 12


def most_input_tokens(prompt: Sequence[Message]) -> int:
    """What a model can read a prompt as, at most: no token has less than one byte of UTF-8."""
    return TOKENS_A_PROMPT + sum(TOKENS_A_MESSAGE + len(message.text.encode()) for message in prompt)


@dataclass(frozen=True)
class Held:
    """What one start holds. `writes` are of its transaction; the first of them may be refused."""

    purse: "Purse"
    token: str
    prompt: Sequence[Message]
    asked_tokens: int
    max_output_tokens: int
    """As many as are asked for, or as the balance pays for."""
    terms: Terms
    writes: tuple[Write, ...]

    def again(self, item: Item | None) -> "Held":
        """The same, decided anew on the item that the first write has met. Raises InsufficientCredits."""
        return replace(self.purse, item=item).hold(self.token, self.prompt, self.asked_tokens)


@dataclass(frozen=True)
class Purse:
    """One user's credits, as the table has them. `allowance` is their tier's for a month, `now` is in epoch
    milliseconds."""

    owner: str
    tier: Tier
    allowance: int
    price: TokenPrice
    item: Item | None
    now: int

    @property
    def available(self) -> int:
        """What a start may hold now, in nano-dollars."""
        expired = sum(hold["amount"] for hold in self._expired.values())
        return self._of("balance") + self._refill + expired

    def quota(self, needed: int | None = None) -> Quota:
        """The credits of the month, and what is left with those that were granted. `needed`: for what was refused."""
        limit, remaining = credits_of(self.allowance), max(0, credits_of(self.available))
        month = _start_of(self._month)
        next_in = 0 if remaining >= limit else math.ceil((_start_of(self._month + 1) - self.now) / 1000)
        window = (_start_of(self._month + 1) - month) // 1000
        return Quota("credits", self.tier, limit, remaining, next_in, window, needed)

    def check(self, most_tokens: int) -> None:
        """Raises InsufficientCredits for a user who can pay for no prompt, however short."""
        self._output_tokens([], most_tokens)

    def hold(self, token: str, prompt: Sequence[Message], most_tokens: int) -> Held:
        """Holds what an answer to this prompt can cost, of `most_tokens` or of as many as the balance pays for.

        Raises InsufficientCredits, or ConcurrencyExceeded: then nothing is to be written.
        """
        tokens = self._output_tokens(prompt, most_tokens)
        if len(self._holds) - len(self._expired) >= MOST_HOLDS:
            message = f"{MOST_HOLDS} of your answers have not ended yet. Wait for one to end."
            raise ConcurrencyExceeded(message, retry_after=ASK_AGAIN_SECONDS)
        terms = Terms(self.price, self.price.of(most_input_tokens(prompt), tokens))
        held = {"amount": terms.amount, "until": self.now + HOLD_MILLISECONDS}
        write = self._first(token, held) if self.item is None else self._update(token, held)
        refill = (
            [entry(Entry.REFILL, self.owner, f"{token}-refill", self._refill, self.now / 1000)] if self._refill else []
        )
        return Held(self, token, prompt, most_tokens, tokens, terms, (write, *refill))

    def _output_tokens(self, prompt: Sequence[Message], most_tokens: int) -> int:
        read = self.price.of(most_input_tokens(prompt), 0)
        least = min(LEAST_OUTPUT_TOKENS, most_tokens)
        needed = read + least * self.price.output
        if self.available < needed:
            quota = self.quota(credits_needed(needed))
            message = (
                f"This answer needs at least {quota.needed} credits, and you have {quota.remaining}. "
                f"You get {quota.limit} a month (tier {self.tier})."
            )
            helps = self.allowance >= needed  # else no month brings enough
            raise InsufficientCredits(message, retry_after=quota.next_in if helps else None, quota=quota)
        return min(most_tokens, (self.available - read) // self.price.output)

    def _first(self, token: str, held: Mapping[str, int]) -> Write:
        item = {
            "balance": self._refill - held["amount"],
            "holds": {token: held},
            "month": self._month,
            "allowance": self.allowance,
            "spent": 0,
        }
        return put({**credits_key(self.owner), **item}, NEW)

    def _update(self, token: str, held: Mapping[str, int]) -> Write:
        """For an item that is there."""
        expired = self._expired
        net = held["amount"] - self._refill - sum(hold["amount"] for hold in expired.values())
        sets = ["#balance = #balance - :net", "#holds.#hold = :held"]
        conditions = ["#balance >= :net", "size(#holds) < :room"]
        names = {"#hold": token}
        given: dict[str, object] = {"net": net, "held": held, "room": MOST_HOLDS + len(expired)}
        if self._due:
            sets += ["#month = :month", "#allowance = :allowance", "#spent = #spent - :forgotten"]
            conditions.append("#month = :oldMonth AND #allowance = :oldAllowance")
            filled = max(self.allowance, self._unused)
            given |= {"month": self._month, "allowance": filled, "forgotten": self._forgotten}
            given |= {"oldMonth": self._of("month"), "oldAllowance": self._of("allowance")}
        removes: list[str] = []
        for number, (old, hold) in enumerate(expired.items()):
            names[f"#o{number}"] = old
            given[f"o{number}"] = hold["amount"]
            conditions.append(f"#holds.#o{number}.#amount = :o{number}")
            removes.append(f"#holds.#o{number}")
        return update_by(credits_key(self.owner), sets, conditions, given, removes=removes, names=names)

    @property
    def _month(self) -> int:
        """The present one; never one before that of the last refill, whatever a clock says."""
        today = datetime.fromtimestamp(self.now / 1000, UTC)
        return max(today.year * MONTHS + today.month - 1, self._of("month"))

    @property
    def _begins(self) -> bool:
        return self._month > self._of("month")

    @property
    def _due(self) -> bool:
        """Whether there is something to refill for: a month, or a better tier within one."""
        return self._begins or self.allowance > self._of("allowance")

    @property
    def _refill(self) -> int:
        """What a refill brings: it fills up to the allowance what is left of the last one's."""
        return max(self.allowance, self._unused) - self._unused if self._due else 0

    @property
    def _unused(self) -> int:
        """What is left of the last refill. A better tier within a month adds to all of it."""
        return max(0, self._of("allowance") - self._forgotten)

    @property
    def _forgotten(self) -> int:
        """What was spent in months that are over. What is settled meanwhile counts for the new one."""
        return self._of("spent") if self._begins else 0

    @property
    def _holds(self) -> Mapping[str, Mapping[str, Any]]:
        return self.item["holds"] if self.item else {}

    @property
    def _expired(self) -> Mapping[str, Mapping[str, Any]]:
        """The holds that nobody has settled in time, the oldest first."""
        old = {token: hold for token, hold in self._holds.items() if hold["until"] <= self.now}
        oldest = sorted(old.items(), key=lambda each: each[1]["until"])
        return dict(oldest[:MOST_GIVEN_BACK])

    def _of(self, name: str) -> int:
        return self.item[name] if self.item else 0


def _start_of(month: int) -> int:
    """When a month begins, in epoch milliseconds."""
    year, index = divmod(month, MONTHS)
    return round(datetime(year, index + 1, 1, tzinfo=UTC).timestamp() * 1000)
