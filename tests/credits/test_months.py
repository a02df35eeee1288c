"""What a month brings to a user with credits, and a better tier within one; and what the user is told of it."""

import time
from collections.abc import Callable
from datetime import UTC, datetime

from shared.contract.tiers import Tier
from shared.table.client import TableClient
from tests.support.aws import Table
from tests.support.credits import JANUARY, WRITE, admitting, ask, end, in_the_books, kept, ledger, standing
from tests.support.interference import just_before
from tests.support.starts import OWNER

MONTH = 31 * 86_400.0


def test_a_month_brings_what_was_spent_and_takes_no_granted_credits(
    table: Table, client: TableClient, later: Callable[[float], None]
) -> None:
    by = admitting(client, a_month=1_000)
    end(ask(by))
    spent = 100 * 240 + 10 * 60
    grant(table, 7_000_000)
    later(MONTH)
    end(ask(by, "chat-2"))
    assert kept(table)["balance"] == 7_000_000 + 1_000_000 - spent
    assert [int(each["amount"]) for each in ledger(table) if each["kind"] == "refill"] == [1_000_000, spent]
    later(MONTH)
    later(MONTH)
    ask(by, "chat-3")
    item = kept(table)
    assert item["balance"] + item["held"] == 8_000_000, "months without a start bring nothing more"


def test_what_was_spent_beyond_the_month_does_not_come_back(
    table: Table, client: TableClient, later: Callable[[float], None]
) -> None:
    by = admitting(client, a_month=100)
    ask(by)
    grant(table, 1_000_000)
    end(ask(by, "chat-2"), output_tokens=1_000)
    later(MONTH)
    ask(by, "chat-3")
    assert [int(each["amount"]) for each in ledger(table) if each["kind"] == "refill"] == [100_000, 100_000]


def grant(table: Table, amount: int) -> None:
    """As an operator's grant does; its entry is of no interest here."""
    item = table.item(f"user#{OWNER}", "credits")
    assert item is not None
    table.change(f"user#{OWNER}", "credits", balance=int(item["balance"]) + amount)


def test_a_better_tier_brings_its_credits_at_once_and_once(
    table: Table, client: TableClient, later: Callable[[float], None]
) -> None:
    by = admitting(client, a_month=1_000, pro=5_000)
    for number, tier in enumerate([Tier.FREE, Tier.PRO, Tier.FREE, Tier.PRO]):
        end(ask(by, f"chat-{number}", tier=tier))
        later(1)
    assert [int(each["amount"]) for each in ledger(table) if each["kind"] == "refill"] == [1_000_000, 4_000_000]
    assert in_the_books(table)
    later(MONTH)
    end(ask(by, "chat-5"))
    assert kept(table)["balance"] > 4_000_000, "what is left of the better tier is not taken away"
    end(ask(by, "chat-6", tier=Tier.PRO))
    item = kept(table)
    assert item["balance"] + item["spent"] == 5_000_000, "and it is not added once more"


def test_a_clock_that_goes_back_brings_no_month_twice(
    table: Table, client: TableClient, later: Callable[[float], None]
) -> None:
    by = admitting(client, a_month=1_000)
    for number, seconds in enumerate([0, MONTH, -MONTH, MONTH]):
        later(seconds)
        end(ask(by, f"chat-{number}"))
    assert len([each for each in ledger(table) if each["kind"] == "refill"]) == 2
    assert in_the_books(table)


def test_a_user_is_told_what_is_left_of_the_month(
    table: Table, client: TableClient, later: Callable[[float], None]
) -> None:
    by = admitting(client, a_month=1_000)
    told = standing(by)
    assert (told["limit"], told["remaining"], told["nextIn"]) == (1_000, 1_000, 0)
    ask(by)
    told = standing(by)
    assert (told["remaining"], told["windowSeconds"]) == (1_000 - 246, 31 * 86_400)
    assert told["nextIn"] == round(datetime(2027, 2, 1, tzinfo=UTC).timestamp() - JANUARY)
    later(MONTH)
    assert in_the_books(table)


def test_an_override_may_change_the_credits_of_a_month(table: Table, client: TableClient) -> None:
    now = int(time.time())
    override = {"limits": {"creditsPerMonth": 5_000}, "startsAt": now - 1, "endsAt": now + 60}
    table.fill([{"pk": f"user#{OWNER}", "sk": "override", **override}])
    ask(admitting(client, a_month=0))
    assert in_the_books(table)
    assert kept(table)["allowance"] == 5_000_000


def test_of_two_that_race_for_a_new_month_one_brings_the_refill(
    table: Table, client: TableClient, other: TableClient, later: Callable[[float], None]
) -> None:
    by = admitting(client, a_month=1_000)
    end(ask(by))
    later(MONTH)
    with just_before(client.client, WRITE, lambda: ask(admitting(other, a_month=1_000), "chat-2")):
        ask(by, "chat-3")
    item = kept(table)
    assert item["balance"] + item["held"] == 1_000_000
    assert in_the_books(table)


def test_of_two_that_race_for_a_better_tier_one_brings_its_credits(
    table: Table, client: TableClient, other: TableClient
) -> None:
    by = admitting(client, a_month=1_000)
    end(ask(by))
    with just_before(client.client, WRITE, lambda: ask(admitting(other, a_month=1_000), "chat-2", tier=Tier.PRO)):
        ask(by, "chat-3", tier=Tier.PRO)
    item = kept(table)
    assert item["balance"] + item["held"] == 5_000_000 - 100 * 240 - 10 * 60
    assert in_the_books(table)


def test_what_is_spent_while_a_month_begins_counts_for_the_new_one(
    table: Table, client: TableClient, later: Callable[[float], None]
) -> None:
    by = admitting(client, a_month=1_000)
    later(datetime(2027, 2, 1, tzinfo=UTC).timestamp() - JANUARY - 60)
    running = ask(by)
    later(60)
    with just_before(client.client, WRITE, lambda: end(running)):
        ask(by, "chat-2")
    assert kept(table)["spent"] == 100 * 240 + 10 * 60
    assert in_the_books(table)
