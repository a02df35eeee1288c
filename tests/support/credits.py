"""Users with credits: at the price of the default model, with few enough of them to see what each stream takes."""

from typing import Any

from shared.contract.policy import policy_with
from shared.contract.prices import TokenPrice
from shared.credits.credits import Credits
from shared.streams.admission import Admission
from shared.table.client import TableClient
from tests.support.aws import Table
from tests.support.starts import OWNER, admission_to

PRICE = TokenPrice(input=60, output=240)
"""Of amazon.nova-lite-v1:0, in nano-dollars."""
MOST_HELD = 246_000
"""What `PROMPT` and 1,000 tokens of an answer can cost, in nano-dollars: 20 bytes and 80 tokens around them."""


def admitting(table: TableClient, *, a_month: int, pro: int = 5_000, **free: int) -> Admission:
    """Who admits users with so many credits, and with hardly any other limit."""
    wide = {"requestsPerHour": 1_000, "concurrentStreams": 100}
    tiers = {"free": {**wide, **free, "creditsPerMonth": a_month}, "pro": {**wide, "creditsPerMonth": pro}}
    return admission_to(table, policy=policy_with(tiers), credits=Credits(PRICE))


def kept(table: Table) -> dict[str, Any]:
    """The user's item, with whole numbers."""
    item = table.item(f"user#{OWNER}", "credits")
    assert item is not None
    holds = {token: {name: int(each) for name, each in hold.items()} for token, hold in item["holds"].items()}
    numbers = {name: int(item[name]) for name in ("balance", "month", "allowance", "spent")}
    return {**numbers, "holds": holds, "held": sum(hold["amount"] for hold in holds.values())}


def ledger(table: Table) -> list[dict[str, Any]]:
    """The user's entries, the oldest first."""
    return table.items(f"user#{OWNER}", "ledger#")


def in_the_books(table: Table) -> bool:
    """Whether the ledger comes to what the user has and what is held."""
    item = kept(table)
    return sum(int(each["amount"]) for each in ledger(table)) == item["balance"] + item["held"]
