"""What was agreed when a stream was started: the price of a token, and how much was held."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

from shared.contract.prices import TokenPrice


@dataclass(frozen=True)
class Terms:
    """They travel with the stream, so whoever ends it bills it alike. `amount` is in nano-dollars."""

    price: TokenPrice
    amount: int

    def to_json(self) -> dict[str, int]:
        """`{"input", "output", "amount"}`."""
        return {**self.price.to_json(), "amount": self.amount}

    @classmethod
    def from_json(cls, value: Mapping[str, int] | None) -> Self | None:
        """Reads what `to_json` wrote; None stays None: nothing was held."""
        return None if value is None else cls(TokenPrice.from_json(value), value["amount"])
