"""What a user's credits are counted in, and what may be set of them.

One credit is a millionth of a dollar of the model's list price. All amounts that are kept are whole nano-dollars, a
thousand to a credit: the price of one token is a whole number of them.
"""

from enum import StrEnum
from typing import Final

NANO_PER_CREDIT: Final = 1_000
"""Nano-dollars."""
MOST_CREDITS: Final = 2_000_000_000
"""2,000 dollars: what a tier has in a month, what one grant gives, and what a user may have. A whole number of GraphQL
is no larger than 2,147,483,647. https://spec.graphql.org/October2021/#sec-Int"""


CREDITS_KEY: Final = "credits"
"""Sort key of the item with a user's credits (`shared/credits/purse.py`)."""
LEDGER_PREFIX: Final = "ledger#"
"""How the sort keys of the entries of their ledger begin (`shared/credits/ledger.py`)."""


class CreditMode(StrEnum):
    """What holds for the credits of all users of a stack: its setting `credits`."""

    NONE = "none"
    """Nobody has credits, and nobody needs any."""
    STRICT = "strict"
    """Before the model is called, all that its call can cost is held: nobody spends more than they have."""


class Entry(StrEnum):
    """What an entry is about."""

    REFILL = "refill"
    """The credits of a month, or of a better tier within one."""
    GRANT = "grant"
    """An operator has given credits."""
    CORRECTION = "correction"
    """An operator has put something right, in either direction."""
    SETTLEMENT = "settlement"
    """A stream has ended. The amount is what it cost, and so is negative or 0."""


def credits_of(nano_dollars: int) -> int:
    """Whole credits; what is left of one is not told."""
    return nano_dollars // NANO_PER_CREDIT


def credits_needed(nano_dollars: int) -> int:
    """Whole credits that pay for so much."""
    return -(-nano_dollars // NANO_PER_CREDIT)
