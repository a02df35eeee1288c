"""What the page about throttling says of limits is what the code has, and what it shows can be used."""

import json
import re

from shared.contract.credits import MOST_CREDITS, NANO_PER_CREDIT
from shared.contract.policy import (
    FIGURES,
    MOST_CONCURRENT_STREAMS,
    MOST_OUTPUT_TOKENS,
    MOST_REQUESTS_PER_HOUR,
    POLICY,
)
from shared.contract.prices import NANO_PER_DOLLAR
from shared.contract.tiers import Tier
from shared.credits.purse import HOLD_MILLISECONDS, LEAST_OUTPUT_TOKENS
from shared.limits.account import ASK_AGAIN_SECONDS, LEASE_MILLISECONDS, Account
from shared.limits.limits import Standing
from shared.limits.override import overridden
from shared.streams.records import LEASE_SECONDS
from shared.table.attributes import from_attributes
from streamways.costs.prices import Priced, read_prices
from tests.docs.pages import page

PAGE = page("docs/throttling.md")
PROSE = " ".join(PAGE.prose.split())


def test_the_table_of_the_tiers_is_the_policy() -> None:
    rows = {row[0].strip("`"): row[1:] for row in PAGE.table_after("The limits of a tier")}
    *numbers, features = FIGURES
    assert tuple(rows) == (*numbers, "features")
    assert features == "features"
    for number, tier in enumerate(Tier):
        figures = POLICY[tier].to_json()
        assert {name: int(rows[name][number].replace(",", "")) for name in numbers} == {
            name: figures[name] for name in numbers
        }
        assert re.findall(r"`([^`]+)`", rows["features"][number]) == figures["features"]


def test_the_bounds_of_a_limit_are_those_of_the_check() -> None:
    rows = {row[0].strip("`"): row[2] for row in PAGE.table_after("For a tier")}
    most = [MOST_REQUESTS_PER_HOUR, MOST_OUTPUT_TOKENS, MOST_CONCURRENT_STREAMS, MOST_CREDITS]
    assert list(rows.values()) == [f"{each:,}" for each in most]
    assert tuple(rows) == FIGURES[:-1]


def test_the_item_that_the_page_shows_is_an_override() -> None:
    [command] = [each for each in PAGE.code("bash") if "put-item" in each]
    item = from_attributes(json.loads(command.partition("--item '")[2].rpartition("'")[0]))
    tier, figures = overridden(POLICY, Tier.FREE, item, item["startsAt"])
    assert (tier, figures.requests_per_hour) == (Tier.PRO, 200)
    assert overridden(POLICY, Tier.FREE, item, item["endsAt"])[0] == Tier.FREE
    assert item["pk"] == "user#SUB"


def test_the_answers_that_the_page_shows_have_the_shape_of_ours() -> None:
    refusal, told = (json.loads(each) for each in PAGE.code("json"))
    account = Account("u", Tier.FREE, POLICY[Tier.FREE], None, 1)
    ours = Standing(account, 1000).to_json()
    assert told.keys() == ours.keys()
    quotas = [account.requests(), account.streams()]
    assert [quota.keys() for quota in told["quotas"]] == [quota.to_json().keys() for quota in quotas]
    assert refusal["limit"].keys() == account.requests().to_json().keys()


def test_the_times_that_the_page_states_are_those_of_the_code() -> None:
    assert f"`concurrency_exceeded` says {ASK_AGAIN_SECONDS} seconds" in PROSE
    assert f"after {LEASE_MILLISECONDS // 60_000} minutes" in PROSE
    assert f"{LEASE_SECONDS} s after its last sign of life" in PROSE


def test_what_the_page_says_of_credits_is_what_the_code_does() -> None:
    assert f"fewer than {LEAST_OUTPUT_TOKENS} tokens" in PROSE
    assert NANO_PER_DOLLAR // NANO_PER_CREDIT == 1_000_000, "a credit is a millionth of a dollar"
    assert HOLD_MILLISECONDS == 3_600_000, "an hour"
    prices = read_prices()
    a_million = 1_000_000 * (6 * prices.of(Priced.WRITE) + prices.of(Priced.READ))
    assert f"{a_million:.2f} USD a million answers" in PROSE
