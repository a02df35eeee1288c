"""The tables of the cost page are those of the cost model; what its sentences say follows from it."""

import pytest

from streamways.costs.assumptions import METRICS, SIZES, Workload
from streamways.costs.lines import total
from streamways.costs.page import MODULE, tables, written
from streamways.costs.prices import read_prices
from streamways.costs.tables.months import metric_month
from streamways.costs.waiting import FIXED, SCALED, containers, generating
from streamways.pages import END, begin
from tests.docs.pages import page

COST = page("docs/cost.md")
PROSE = " ".join(COST.prose.split())
PRICES = read_prices()


@pytest.mark.parametrize("name", tables(PRICES))
def test_a_table_is_the_models(name: str) -> None:
    """Write them again with `python -m streamways.costs.page`."""
    assert f"{begin(MODULE, name)}\n\n{tables(PRICES)[name]}\n\n{END}" in COST.text


def test_writing_the_page_again_changes_nothing() -> None:
    assert written(COST.text, PRICES) == COST.text


def test_a_table_that_differs_is_written_anew_and_a_page_without_its_place_is_refused() -> None:
    table = tables(PRICES)["strangers"]
    assert written(COST.text.replace(table, "| old |"), PRICES) == COST.text
    with pytest.raises(ValueError, match="one place for the table 'strangers'"):
        written(COST.text.replace(begin(MODULE, "strangers"), ""), PRICES)


def test_the_page_says_how_old_the_prices_are() -> None:
    assert f"dated {PRICES.date}, for {PRICES.region}" in PROSE


def test_the_sentences_say_what_the_model_assumes() -> None:
    usual = Workload()
    assert f"{usual.input_tokens} tokens in, {usual.output_tokens} tokens out" in PROSE
    assert f"{usual.tokens_per_second:g} tokens a second" in PROSE
    assert f"an answer of {usual.seconds:g} seconds" in PROSE
    assert f"writes {METRICS} metrics" in PROSE
    assert f"{metric_month(PRICES):.2f} USD a month" in PROSE
    for name, size in SIZES.items():
        assert f"{size.users:,} users" in PROSE, name


def test_the_sentences_about_waiting_are_what_the_table_says() -> None:
    fixed = [total(containers(size, Workload(), headroom=FIXED), PRICES) for size in SIZES.values()]
    scaled = [total(containers(size, Workload(), headroom=SCALED), PRICES) for size in SIZES.values()]
    on_lambda = [
        size.answers * total(generating("function-url", Workload(), PRICES), PRICES) for size in SIZES.values()
    ]
    assert [one < two for one, two in zip(on_lambda, fixed, strict=True)] == [True, True, True]
    assert [one < two for one, two in zip(on_lambda, scaled, strict=True)] == [True, True, False]
