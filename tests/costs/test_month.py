"""The bill of a month: an idle stack, a preview, and a stack that is used."""

import pytest

from streamways.clients.client import ARCHITECTURES, Architecture
from streamways.costs.answer import Answer, answer_lines
from streamways.costs.assumptions import SIZES, Idle, Size, Workload
from streamways.costs.lines import Line, total
from streamways.costs.month import (
    idle_lines,
    metric_lines,
    model_usd,
    monitoring_lines,
    month_lines,
    preview_lines,
    trace_lines,
)
from streamways.costs.prices import Priced, read_prices

PRICES = read_prices()


def test_an_idle_stack_costs_what_its_schedule_costs() -> None:
    """43,800 sweeps, each a request, 0.05 GB-seconds, half a read unit and 400 bytes of log."""
    one = 0.0000002 + 0.05 * 0.0000133334 + 0.5 * 0.000000125 + 400e-9 * 0.5
    assert total(idle_lines(Idle()), PRICES) == pytest.approx(43_800 * one)


def test_metrics_are_billed_by_the_hours_in_which_they_got_a_value() -> None:
    assert total(metric_lines(730), PRICES) == pytest.approx(12 * 0.30)
    assert total(metric_lines(73), PRICES) == pytest.approx(12 * 0.03)


def test_a_preview_costs_its_days_of_an_idle_stack_and_the_hours_it_is_tried() -> None:
    idle = total(idle_lines(Idle()), PRICES) * 3 * 24 / 730
    assert total(preview_lines(Idle()), PRICES) == pytest.approx(idle + 12 * 0.30 * 10 / 730)


def test_each_sweep_of_an_idle_stack_may_be_a_trace() -> None:
    assert total(trace_lines(idle_lines(Idle())), PRICES) == pytest.approx(43_800 * 5 / 1_000_000)


def test_x_ray_records_one_request_a_second_and_a_twentieth_of_the_others_of_functions_and_of_appsync() -> None:
    """Of a month with 2,628,000 seconds; what nobody requests (compute, updates) is no trace."""
    busy = [
        Line("invocations", 2_000_000, Priced.REQUEST),
        Line("more invocations", 1_628_000, Priced.REQUEST),
        Line("mutations", 2_728_000, Priced.OPERATION),
        Line("updates", 9_000_000, Priced.UPDATE),
        Line("compute", 9_000_000, Priced.COMPUTE),
    ]
    (traces,) = trace_lines(busy)
    assert traces.quantity == pytest.approx(2 * 2_628_000 + 0.05 * (1_000_000 + 100_000))


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_a_month_is_its_answers_its_schedule_its_metrics_its_users_and_its_store(architecture: Architecture) -> None:
    usual, idle = Workload(), Idle()
    month = month_lines(architecture, Size(users=10, answers=100, busy_hours=73), usual, idle, PRICES)
    one = total(answer_lines(Answer.assumed(architecture, usual), PRICES), PRICES)
    stored = next(line for line in month if line.what == "DynamoDB: storage")
    known = 100 * one + total(idle_lines(idle), PRICES) + 12 * 0.03 + 10 * 0.015 + stored.usd(PRICES)
    assert total(month, PRICES) == pytest.approx(known)
    assert stored.quantity > 100 * usual.text_bytes / 1e9


def test_the_model_is_counted_apart() -> None:
    assert model_usd(SIZES["a product"], Workload(), PRICES) == pytest.approx(100_000 * (500 * 0.06 + 300 * 0.24) / 1e6)


def test_alarms_are_billed_by_the_metrics_that_they_look_at_and_a_stack_has_one_dashboard() -> None:
    """Twelve metrics of an architecture, one more with a worker, and one of the account."""
    assert total(monitoring_lines(["function-url"]), PRICES) == pytest.approx((12 + 1) * 0.10 + 3)
    assert total(monitoring_lines(ARCHITECTURES), PRICES) == pytest.approx((12 + 13 + 13 + 1) * 0.10 + 3)
