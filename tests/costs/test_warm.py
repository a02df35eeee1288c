"""What environments that are kept warm cost."""

import pytest

from shared.contract.architectures import DESCRIPTORS
from streamways.costs.lines import total
from streamways.costs.month import SECONDS_OF_A_MONTH, warm_lines, worthwhile_share
from streamways.costs.prices import Priced, read_prices
from tests.docs.pages import page

PRICES = read_prices()


@pytest.mark.parametrize(("architecture", "functions"), [("function-url", 1), ("websocket", 2), ("appsync", 2)])
def test_each_function_that_an_answer_waits_for_is_billed_by_memory_and_time(architecture: str, functions: int) -> None:
    assert DESCRIPTORS[architecture].awaited_functions == functions
    month = total(warm_lines(architecture, 3, 512), PRICES)
    assert month == pytest.approx(functions * 3 * 0.5 * SECONDS_OF_A_MONTH * PRICES.of(Priced.KEPT_WARM))


def test_no_warm_environment_costs_nothing() -> None:
    assert total(warm_lines("websocket", 0, 512), PRICES) == 0


def test_the_page_says_from_which_use_on_a_warm_environment_is_the_cheaper_one() -> None:
    share = worthwhile_share(PRICES)
    kept = PRICES.of(Priced.KEPT_WARM) + share * PRICES.of(Priced.RUNNING_WARM)
    assert kept == pytest.approx(share * PRICES.of(Priced.COMPUTE))
    assert f"more than {share:.0%}".replace("%", " %") in " ".join(page("docs/cost.md").prose.split())
