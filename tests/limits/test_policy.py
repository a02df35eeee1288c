"""The limits as data: what holds for a tier, and what may change it."""

import itertools

import pytest

from shared.contract.policy import (
    MOST_CONCURRENT_STREAMS,
    POLICY,
    Feature,
    Figures,
    PolicyError,
    policy_with,
)
from shared.contract.tiers import Tier, best_tier


def test_the_tiers_have_the_figures_of_the_product() -> None:
    numbers = {
        tier: (
            figures.requests_per_hour,
            figures.max_output_tokens,
            figures.concurrent_streams,
            figures.credits_per_month,
        )
        for tier, figures in POLICY.items()
    }
    assert numbers == {
        Tier.FREE: (10, 1_000, 1, 100_000),
        Tier.PRO: (100, 10_000, 3, 5_000_000),
        Tier.ENTERPRISE: (1_000, 50_000, 10, 100_000_000),
    }


def test_a_better_tier_has_all_of_a_lesser_one() -> None:
    tiers = list(Tier)
    for lesser, better in itertools.pairwise(tiers):
        assert POLICY[lesser].features < POLICY[better].features
    assert (Feature.TOOLS in POLICY[Tier.FREE].features, Feature.TOOLS in POLICY[Tier.PRO].features) == (False, True)


@pytest.mark.parametrize(
    ("groups", "tier"),
    [
        ((), Tier.FREE),
        (("staff", "Enterprise"), Tier.FREE),
        (("free", "pro"), Tier.PRO),
        (("enterprise", "free", "staff"), Tier.ENTERPRISE),
    ],
)
def test_the_best_group_is_the_tier_and_nobody_is_without_one(groups: tuple[str, ...], tier: Tier) -> None:
    assert best_tier(groups) == tier


def test_a_change_changes_what_it_names_and_nothing_else() -> None:
    changed = policy_with({"free": {"requestsPerHour": 20, "features": ["chat", "tools"]}})
    assert changed[Tier.FREE] == Figures(20, 1_000, 1, 100_000, frozenset({Feature.CHAT, Feature.TOOLS}))
    assert changed[Tier.PRO] == POLICY[Tier.PRO]
    assert POLICY[Tier.FREE].requests_per_hour == 10
    assert policy_with({}) == POLICY


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"gold": {}}, "gold is {}: there is no such tier; there are free, pro, enterprise."),
        ({"free": 7}, "free is 7: set it to an object of requestsPerHour"),
        ({"free": {"requests": 7}}, "free.requests is 7: there is no such limit; there are requestsPerHour"),
        ({"free": {"requestsPerHour": 0}}, "free.requestsPerHour is 0: set it to a whole number from 1 to 100000."),
        ({"free": {"requestsPerHour": -1}}, "whole number"),
        ({"free": {"requestsPerHour": 1.5}}, "whole number"),
        ({"free": {"requestsPerHour": "20"}}, "whole number"),
        ({"free": {"requestsPerHour": True}}, "whole number"),
        ({"free": {"requestsPerHour": None}}, "whole number"),
        ({"free": {"requestsPerHour": 10**30}}, "whole number from 1 to 100000"),
        ({"pro": {"maxOutputTokens": 128_001}}, "pro.maxOutputTokens is 128001: set it to a whole number"),
        ({"pro": {"concurrentStreams": 101}}, f"from 1 to {MOST_CONCURRENT_STREAMS}"),
        ({"pro": {"features": "tools"}}, "pro.features is 'tools': set it to a list of chat, tools"),
        ({"pro": {"features": ["flying"]}}, "set it to a list of chat, tools"),
        ({"pro": {"features": [{}]}}, "set it to a list of chat, tools"),
    ],
)
def test_what_is_wrong_is_said_in_words(changes: dict[str, object], said: str) -> None:
    with pytest.raises(PolicyError) as refused:
        policy_with(changes)
    assert said in str(refused.value)


def test_all_mistakes_are_named_together() -> None:
    with pytest.raises(PolicyError) as refused:
        policy_with({"free": {"requestsPerHour": 0, "concurrentStreams": 0}, "pro": {"colour": "red"}})
    paths = [problem.path for problem in refused.value.problems]
    assert paths == ["free.requestsPerHour", "free.concurrentStreams", "pro.colour"]
