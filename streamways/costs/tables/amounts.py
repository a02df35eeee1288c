"""How amounts are written, and what several tables share."""

from collections.abc import Iterable, Mapping
from typing import Final

from shared.contract.architectures import DESCRIPTORS
from streamways.clients.client import ARCHITECTURES, Architecture
from streamways.costs.lines import Line

MILLION: Final = 1_000_000
TITLES: Final[Mapping[Architecture, str]] = {name: one.title for name, one in DESCRIPTORS.items()}
HEADS: Final = [TITLES[name] for name in ARCHITECTURES]


def usd(amount: float) -> str:
    """Dollars, without cents from 100 on."""
    return f"{amount:,.2f}" if amount < 100 else f"{amount:,.0f}"


def found(bill: Iterable[Line], what: str) -> list[Line]:
    """The lines of a bill for one thing."""
    return [line for line in bill if line.what == what]
