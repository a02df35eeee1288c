"""A bill: one line for each thing that is billed."""

from collections.abc import Iterable
from dataclasses import dataclass, replace

from streamways.costs.prices import Priced, Prices


@dataclass(frozen=True)
class Line:
    """How much of what: `quantity` is in the unit of the price."""

    what: str
    """The same words for the same thing in every architecture: lines of several bills stand in one row."""
    quantity: float
    priced: Priced

    def usd(self, prices: Prices) -> float:
        """What the line comes to."""
        return self.quantity * prices.of(self.priced)

    def times(self, factor: float) -> "Line":
        """The line of so many of the same."""
        return replace(self, quantity=self.quantity * factor)


def total(lines: Iterable[Line], prices: Prices) -> float:
    """What all lines come to, in USD."""
    return sum(line.usd(prices) for line in lines)
