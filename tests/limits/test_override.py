"""What an operator allows one user for a while, by an item of the table."""

from typing import Any

import pytest

from shared.contract.policy import POLICY
from shared.contract.tiers import Tier
from shared.limits.override import limits_of
from tests.support.logs import Logs

NOW = 1_800_000_000
TRIAL: dict[str, Any] = {"pk": "user#u", "sk": "override", "tier": "pro", "startsAt": NOW, "endsAt": NOW + 60}


@pytest.mark.parametrize(("at", "tier"), [(-1, Tier.FREE), (0, Tier.PRO), (59.9, Tier.PRO), (60, Tier.FREE)])
def test_a_trial_begins_and_ends_at_its_second(at: float, tier: Tier) -> None:
    assert limits_of(POLICY, Tier.FREE, TRIAL, NOW + at) == (tier, POLICY[tier])


def test_the_better_of_the_two_tiers_counts() -> None:
    assert limits_of(POLICY, Tier.ENTERPRISE, TRIAL, NOW)[0] == Tier.ENTERPRISE


def test_single_figures_may_be_higher_or_lower_than_the_tiers() -> None:
    changed = {**TRIAL, "limits": {"requestsPerHour": 200, "concurrentStreams": 1}, "reason": "season of exams"}
    tier, figures = limits_of(POLICY, Tier.FREE, changed, NOW)
    assert (tier, figures.requests_per_hour, figures.concurrent_streams) == (Tier.PRO, 200, 1)
    assert figures.max_output_tokens == POLICY[Tier.PRO].max_output_tokens


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"tier": "gold"}, "tier is 'gold': set it to free or pro or enterprise."),
        ({"tier": ["pro"]}, "tier is ['pro']"),
        ({"limits": 7}, "limits is 7: set it to a map"),
        ({"limits": {"requestsPerHour": -5}}, "requestsPerHour is -5: set it to a whole number"),
        ({"limits": {"requestsPerHour": 2.5}}, "requestsPerHour is 2.5"),
        ({"startsAt": None}, "startsAt is None: set it to a whole number of epoch seconds"),
        ({"endsAt": "tomorrow"}, "endsAt is 'tomorrow'"),
        ({"endsAt": NOW}, f"set it to a time after startsAt, which is {NOW}"),
        ({"endsAt": -1}, "endsAt is -1"),
        ({"untilAt": 7}, "untilAt is 7: an override has endsAt, limits, startsAt, tier."),
    ],
)
def test_one_that_cannot_be_read_changes_nothing_and_the_log_says_why(
    changes: dict[str, Any], said: str, logs: Logs
) -> None:
    assert limits_of(POLICY, Tier.FREE, {**TRIAL, **changes}, NOW) == (Tier.FREE, POLICY[Tier.FREE])
    [line] = logs.lines("the override of a user's limits cannot be used")
    assert said in line["reason"]


def test_a_mistake_is_told_before_the_override_begins(logs: Logs) -> None:
    limits_of(POLICY, Tier.FREE, {**TRIAL, "limits": {"requestsPerHour": 0}}, NOW - 3600)
    assert logs.lines("the override of a user's limits cannot be used")
