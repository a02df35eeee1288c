"""What waiting for the model costs, on Lambda and elsewhere."""

import pytest

from streamways.clients.client import ARCHITECTURES
from streamways.costs.assumptions import SIZES, Size, Workload
from streamways.costs.lines import total
from streamways.costs.prices import read_prices
from streamways.costs.waiting import (
    FIXED,
    PROCESSOR_SECONDS,
    SCALED,
    active_cpu,
    agent_session,
    containers,
    generating,
    waiting_share,
    worked,
)

PRICES = read_prices()


def test_most_of_what_lambda_bills_is_waiting_and_a_slow_model_makes_it_more() -> None:
    assert set(PROCESSOR_SECONDS) == set(ARCHITECTURES)
    for name in ARCHITECTURES:
        usual, slow = waiting_share(name, Workload()), waiting_share(name, Workload(tokens_per_second=15))
        assert 0.8 < usual < slow < 1


def test_an_answer_works_in_proportion_to_its_tokens() -> None:
    usual = Workload()
    assert worked("websocket", Workload(output_tokens=3 * usual.output_tokens)) == pytest.approx(
        3 * PROCESSOR_SECONDS["websocket"]
    )


def test_generating_on_lambda_is_billed_by_all_its_seconds() -> None:
    assert total(generating("appsync", Workload(), PRICES), PRICES) == pytest.approx(0.5 * 5.3 * 0.0000133334)


def test_two_small_tasks_stand_for_any_small_load_and_larger_ones_for_a_large_load() -> None:
    fixed = 730 * (2 * 0.25 * 0.03238 + 2 * 0.5 * 0.00356 + 0.0225 + 0.008 + 4 * 0.005)
    for headroom in (FIXED, SCALED):
        assert total(containers(Size(0, 0, 0), Workload(), headroom=headroom), PRICES) == pytest.approx(fixed)
    large = SIZES["a platform"]
    wide, narrow = (total(containers(large, Workload(), headroom=each), PRICES) for each in (FIXED, SCALED))
    processors = large.answers / (730 * 3600) * PROCESSOR_SECONDS["function-url"] * FIXED / 0.5
    assert wide - narrow == pytest.approx(processors * (1 - SCALED / FIXED) * 730 * (0.03238 + 2 * 0.00356))


def test_instances_that_are_shared_divide_their_memory_and_not_their_work() -> None:
    alone, shared = (total(active_cpu(Workload(), shared_by=count), PRICES) for count in (1, 10))
    work = PROCESSOR_SECONDS["function-url"] * 0.128 / 3600 + 0.0000006
    assert alone - work == pytest.approx(10 * (shared - work))


def test_a_session_keeps_its_memory_for_a_minute_after_its_answer() -> None:
    memory = 0.25 * (5.3 + 60) * 0.00945 / 3600
    work = PROCESSOR_SECONDS["function-url"] * 0.0895 / 3600
    assert total(agent_session(Workload()), PRICES) == pytest.approx(memory + work)
