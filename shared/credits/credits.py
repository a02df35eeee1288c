"""The credits of a stack: whether they are counted, and at which model's price."""

import os
from dataclasses import dataclass
from typing import Self

from shared.contract.credits import NANO_PER_CREDIT
from shared.contract.environment import Variable
from shared.contract.policy import Figures
from shared.contract.prices import TokenPrice, price_of
from shared.contract.tiers import Tier
from shared.credits.purse import Purse
from shared.protocol.strict_json import read_object
from shared.table.client import Item


@dataclass(frozen=True)
class Credits:
    """Credits that are counted, at this price of a token."""

    price: TokenPrice

    @classmethod
    def from_environment(cls) -> Self | None:
        """As `CREDITS` says; None where it is absent.

        Raises LookupError for a model without a price, which the program refuses: such a function does not start.
        """
        text = os.environ.get(Variable.CREDITS)
        if text is None:
            return None
        model = str(read_object(text, Variable.CREDITS)["model"])
        price = price_of(model)
        if price is None:
            raise LookupError(f"the price file has no price of {model}")
        return cls(price)

    def purse(self, owner: str, tier: Tier, figures: Figures, item: Item | None, now: int) -> Purse:
        """What this user may spend; `now` is in epoch milliseconds."""
        return Purse(owner, tier, figures.credits_per_month * NANO_PER_CREDIT, self.price, item, now)
