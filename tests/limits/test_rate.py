"""The rate of requests: never more than are allowed, and the moment of the next one to the millisecond."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.limits.rate import HOUR_MILLISECONDS, IMPOSSIBLE_MILLISECONDS, Rate

NOW = 1_800_000_000_000
RATES = st.integers(1, 100_000)


def used(rate: Rate, requests: int, full_at: int = 0, now: int = NOW) -> int:
    """The moment after so many requests at once, of which each is allowed."""
    for _ in range(requests):
        assert rate.wait(full_at, now) == 0
        full_at = max(full_at, now) + rate.interval
    return full_at


def test_an_idle_user_has_all_requests_of_an_hour_at_once_and_then_one_in_each_interval() -> None:
    rate = Rate(10)
    full_at = used(rate, 10)
    assert (rate.remaining(full_at, NOW), rate.wait(full_at, NOW)) == (0, 360_000)
    assert rate.wait(full_at, NOW + 359_999) == 1
    full_at = used(rate, 1, full_at, NOW + 360_000)
    assert rate.wait(full_at, NOW + 360_000) == 360_000
    assert rate.remaining(full_at, NOW + 2 * HOUR_MILLISECONDS) == 10


@given(RATES, st.integers(0, HOUR_MILLISECONDS + 100_000))
def test_what_is_left_is_what_is_allowed(per_hour: int, ahead: int) -> None:
    rate = Rate(per_hour)
    full_at, left = NOW + ahead, rate.remaining(NOW + ahead, NOW)
    assert left == 0 or rate.wait(full_at + rate.interval * (left - 1), NOW) == 0
    assert rate.wait(full_at + rate.interval * left, NOW) > 0
    next_in = rate.next_in(full_at, NOW)
    assert rate.remaining(full_at, NOW + next_in) == left + (1 if next_in else 0)
    if next_in:
        assert rate.remaining(full_at, NOW + next_in - 1) == left


@given(st.integers(1, 30), st.lists(st.integers(0, 600_000), min_size=1, max_size=60))
def test_in_no_time_pass_more_than_were_saved_up_and_it_brings(per_hour: int, waits: list[int]) -> None:
    rate, now, full_at = Rate(per_hour), NOW, 0
    passed: list[int] = []
    for wait in waits:
        now += wait
        if rate.wait(full_at, now) == 0:
            full_at = max(full_at, now) + rate.interval
            passed.append(now)
    for first, begin in enumerate(passed):
        for last, end in enumerate(passed[first:], first):
            assert last - first + 1 <= per_hour + (end - begin) // rate.interval


@pytest.mark.parametrize("back", [1, 60_000])
def test_a_clock_that_goes_back_gives_nobody_more(back: int) -> None:
    rate = Rate(10)
    full_at = used(rate, 10)
    assert rate.remaining(full_at, NOW - back) == 0
    assert rate.wait(full_at, NOW - back) == 360_000 + back


def test_nobody_waits_for_a_moment_that_a_wrong_clock_has_written() -> None:
    full_at = NOW + IMPOSSIBLE_MILLISECONDS + 1
    assert (Rate(10).wait(full_at, NOW), Rate(10).remaining(full_at, NOW)) == (0, 10)


def test_a_change_of_the_rate_keeps_the_share_that_is_used() -> None:
    full_at = used(Rate(10), 5)
    assert (Rate(10).remaining(full_at, NOW), Rate(100).remaining(full_at, NOW)) == (5, 50)
