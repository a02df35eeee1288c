"""What the page about throttling says of limits is what the code has, and what it shows can be used."""

import json
import re

from shared.contract.policy import (
    FIGURES,
    MOST_CONCURRENT_STREAMS,
    MOST_OUTPUT_TOKENS,
    MOST_REQUESTS_PER_HOUR,
    POLICY,
)
from shared.contract.tiers import Tier
from shared.limits.account import ASK_AGAIN_SECONDS, LEASE_MILLISECONDS, Account
from shared.limits.limits import Standing
from shared.limits.override import overridden
from shared.streams.records import LEASE_SECONDS
from shared.table.attributes import from_attributes
from tests.docs.pages import page

PAGE = page("docs/throttling.md")
PROSE = " ".join(PAGE.prose.split())


def test_the_table_of_the_tiers_is_the_policy() -> None:
    rows = {row[0].strip("`"): row[1:] for row in PAGE.table_after("The limits of a tier")}
    assert tuple(rows) == ("requestsPerHour", "maxOutputTokens", "concurrentStreams", "features") == FIGURES
    for number, tier in enumerate(Tier):
        figures = POLICY[tier].to_json()
        assert {name: int(rows[name][number].replace(",", "")) for name in FIGURES[:3]} == {
            name: figures[name] for name in FIGURES[:3]
        }
        assert re.findall(r"`([^`]+)`", rows["features"][number]) == figures["features"]


def test_the_bounds_of_a_limit_are_those_of_the_check() -> None:
    rows = {row[0].strip("`"): row[2] for row in PAGE.table_after("For a tier")}
    most = [MOST_REQUESTS_PER_HOUR, MOST_OUTPUT_TOKENS, MOST_CONCURRENT_STREAMS]
    assert list(rows.values()) == [f"{each:,}" for each in most]
    assert tuple(rows) == FIGURES[:3]


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
