"""Users with credits: at the price of the default model, with few enough of them to see what each stream takes."""

from datetime import UTC, datetime
from typing import Any

from shared.contract.policy import policy_with
from shared.contract.prices import TokenPrice
from shared.contract.tiers import Tier
from shared.credits.credits import Credits
from shared.models.events import Usage
from shared.protocol.request import ChatRequest
from shared.streams.admission import Admission
from shared.streams.start import StreamStart
from shared.table.client import TableClient
from tests.support.aws import Table
from tests.support.starts import OWNER, admission_to, asked, repository, used

WRITE = "TransactWriteItems"
JANUARY = datetime(2027, 1, 15, tzinfo=UTC).timestamp()
"""Where the clock of `later` begins: in the middle of a month."""
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


def ask(
    by: Admission,
    chat_id: str = "chat-1",
    *,
    tier: Tier = Tier.FREE,
    request: ChatRequest | None = None,
    running: bool = True,
) -> StreamStart:
    """A start of the user's that is admitted."""
    outcome = by.admit(
        OWNER,
        request or asked(chat_id=chat_id),
        tier=tier,
        stream_id=None,
        correlation_id="c-1",
        running=running,
    )
    assert isinstance(outcome, StreamStart)
    return outcome


def end(stream: StreamStart, output_tokens: int = 100, input_tokens: int = 10) -> None:
    """The stream's end, with what its model has counted."""
    assert repository().end(stream, used(tokens=Usage(input_tokens, output_tokens)), [])


def standing(by: Admission, tier: Tier = Tier.FREE) -> dict[str, Any]:
    """What a user is told of their credits."""
    [quota] = [each for each in by.limits.standing(OWNER, tier).quotas if each.name == "credits"]
    return quota.to_json()
