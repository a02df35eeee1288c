"""The settlement of what a stream has held: writes of the transaction that ends it, which are never dropped.

The record of a stream decides who ends it, so it is billed once. The hold stands in the user's item under the stream's
fencing token. The bill demands the amount that it knows. If that was refused, the item that it met says what is held
now, and the bill is made anew. A hold that is gone has expired and was given back; then nothing is charged, and the
ledger says what was not covered.
"""

import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Protocol, Self

from shared.contract.credits import Entry
from shared.credits.ledger import entry
from shared.credits.terms import Terms
from shared.models.events import Usage
from shared.table.client import Item
from shared.table.keys import credits_key
from shared.table.writes import Write, update_by
from shared.telemetry.log import logger


class Billed(Protocol):
    """A stream that is ended."""

    @property
    def owner(self) -> str: ...
    @property
    def stream_id(self) -> str: ...
    @property
    def chat_id(self) -> str: ...
    @property
    def fencing_token(self) -> str: ...
    @property
    def terms(self) -> Terms | None: ...


@dataclass(frozen=True)
class Bill:
    """What one stream cost, and what was held for it. Amounts are in nano-dollars."""

    stream: Billed
    held: int | None
    """None when nothing was held, or the hold has expired and was given back."""
    cost: int
    facts: Mapping[str, object] | None
    """What the ledger says of it; None where it says nothing."""
    at: float

    @classmethod
    def of(cls, stream: Billed, model: str, usage: Usage) -> Self:
        """For a stream that ends."""
        if stream.terms is None:
            return cls.of_none(stream)
        cost = stream.terms.price.of(usage.input_tokens, usage.output_tokens)
        told = {"inputTokens": usage.input_tokens, "outputTokens": usage.output_tokens}
        told |= {"estimated": True} if usage.estimated else {}
        facts = {"streamId": stream.stream_id, "chatId": stream.chat_id, "model": model, "usage": told}
        return cls(stream, stream.terms.amount, cost, facts, time.time())

    @classmethod
    def of_none(cls, stream: Billed) -> Self:
        """For a stream that never ran, and is forgotten."""
        return cls(stream, stream.terms and stream.terms.amount, 0, None, time.time())

    @property
    def charged(self) -> int:
        """What is taken: never more than is held."""
        return min(self.cost, self.held or 0)

    def writes(self) -> list[Write]:
        """None where nothing was held. The first of them is the one that may be refused."""
        return [*([] if self.held is None else [self._settled(self.held)]), *self._entry()]

    def after(self, refused: Mapping[int, Item | None], number: int) -> "Bill":
        """The same; anew, if the first of its writes, which has this number, is among those that were refused."""
        if self.held is None or number not in refused:
            return self
        met = refused[number]
        holds: Mapping[str, Any] = (met or {}).get("holds", {})
        hold = holds.get(self.stream.fencing_token)
        if hold is None:
            logger.warning("a hold had expired before its stream ended", extra={"streamId": self.stream.stream_id})
        return replace(self, held=None if hold is None else hold["amount"])

    def _settled(self, held: int) -> Write:
        """Gives the rest back. Nothing is read for it, so streams of one user settle in any order."""
        return update_by(
            credits_key(self.stream.owner),
            ["#balance = #balance + :rest", "#spent = #spent + :charged"],
            ["#holds.#hold.#amount = :held"],
            {"held": held, "rest": held - self.charged, "charged": self.charged},
            removes=["#holds.#hold"],
            names={"#hold": self.stream.fencing_token},
        )

    def _entry(self) -> list[Write]:
        if self.facts is None:
            return []
        uncovered = self.cost - self.charged
        facts = {**self.facts, **({"uncovered": uncovered} if uncovered else {})}
        name = self.stream.fencing_token
        return [entry(Entry.SETTLEMENT, self.stream.owner, name, -self.charged, self.at, **facts)]
