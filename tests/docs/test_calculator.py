"""The calculator of the documentation comes to what the cost model comes to."""

import random
from dataclasses import asdict
from itertools import product
from typing import Any

import pytest

from shared.contract.architectures import DESCRIPTORS
from streamways.clients.client import ARCHITECTURES
from streamways.costs.answer import Answer, answer_lines
from streamways.costs.assumptions import SIZES, Idle, Size, Workload
from streamways.costs.calculator import DATA, data_script
from streamways.costs.lines import total
from streamways.costs.month import idle_lines, model_usd, month_lines, preview_lines
from streamways.costs.prices import read_prices
from streamways.costs.tables.amounts import usd
from streamways.costs.waiting import waiting_share
from tests.docs.scripts import answers, opened

PRICES = read_prices()
SAMPLES = 300
SCRIPTS = [DATA.name, "calculator.js", "calculator-page.js"]


def sampled() -> list[tuple[str, Workload, Size]]:
    """The usual answers and sizes, and some of any kind; always the same ones."""
    chance = random.Random(20261122)
    usual = [(name, Workload(), size) for name, size in product(ARCHITECTURES, SIZES.values())]
    others = [
        (
            chance.choice(ARCHITECTURES),
            Workload(
                model=chance.choice(list(PRICES.models)),
                input_tokens=chance.randrange(100_000),
                output_tokens=chance.randrange(1, 5_000),
                tokens_per_second=chance.choice([1, 15, 60, 62.5, 100, 500]),
                first_token_seconds=chance.choice([0, 0.3, 2, 11.7]),
                interval_seconds=chance.choice([0.001, 0.05, 0.2, 1]),
                memory_megabytes=chance.choice([128, 512, 1769, 10_240]),
                connection_seconds=chance.choice([0, 60, 7200]),
                readers=chance.randrange(4),
            ),
            Size(chance.randrange(1_000_000), chance.randrange(10_000_000), chance.randrange(731)),
        )
        for _ in range(SAMPLES)
    ]
    return [*usual, *others]


def test_the_script_comes_to_the_models_amounts() -> None:
    asked = sampled()
    given: list[Any] = [{"name": name, "workload": asdict(work), "size": asdict(size)} for name, work, size in asked]
    call = "script.costs(costFigures, one.name, one.workload, one.size)"
    came = answers(DATA.name, "calculator.js", call, given)
    idle = total(idle_lines(Idle()), PRICES)
    for (name, work, size), one in zip(asked, came, strict=True):
        expected = {
            "answer": total(answer_lines(Answer.assumed(name, work), PRICES), PRICES),
            "model": PRICES.of_tokens(work.model, work.input_tokens, work.output_tokens),
            "services": total(month_lines(name, size, work, Idle(), PRICES), PRICES),
            "monthOfModel": model_usd(size, work, PRICES),
            "idle": idle,
            "preview": total(preview_lines(Idle()), PRICES),
            "waiting": waiting_share(name, work),
        }
        assert {key: one[key] for key in expected} == pytest.approx(expected, rel=1e-9), (name, work, size)
        assert sum(one["month"].values()) == pytest.approx(one["services"])


def test_the_script_writes_amounts_as_the_tables_do() -> None:
    amounts = [0, 0.049, 1.767, 99.99, 100.4, 1827.3, 5_000_000.6]
    assert answers(DATA.name, "calculator.js", "script.dollars(one)", amounts) == [usd(amount) for amount in amounts]


def test_the_page_shows_the_month_of_the_cost_page() -> None:
    shown = opened("calculator", "", SCRIPTS)
    rows = {row[0]: row[1:] for row in shown["rows"]}
    months = [
        total(month_lines(name, SIZES["a product"], Workload(), Idle(), PRICES), PRICES) for name in ARCHITECTURES
    ]
    assert rows["services together"] == [usd(month) for month in months]
    assert rows["a month, in USD"] == [DESCRIPTORS[name].title for name in ARCHITECTURES]


def test_the_page_reckons_with_the_figures_of_its_address_and_keeps_them_there() -> None:
    shown = opened("calculator", "#users=0&answers=1000000&out=1200&model=us.amazon.nova-2-lite-v1:0", SCRIPTS)
    rows = {row[0]: row[1:] for row in shown["rows"]}
    assert rows["users (Cognito)"] == ["0.00"] * 3
    assert rows["the model"] == [usd(500 * 0.33 + 1200 * 2.75)] * 3
    assert "out=1200" in shown["address"]


def test_what_an_address_has_and_no_field_takes_is_told() -> None:
    for silent in ("", "#cost-calculator", "#users=0&out=1200"):
        assert "The address has" not in opened("calculator", silent, SCRIPTS)["text"]
    told = opened("calculator", "#user=9&user=8&toString=1&out=0&in=many&model=gpt", SCRIPTS)["text"]
    assert "The address has user, toString, which is no field of this page. The fields are users, answers," in told
    for given in ("out=0", "in=many", "model=gpt"):
        assert f"The address has {given}, which the field does not take" in told


def test_a_field_that_is_filled_in_wrongly_is_named_and_nothing_is_reckoned_with_it() -> None:
    act = "const [form] = place.all('form'); form.all('input')[4].value = '0'; form.listeners.input();"
    shown = opened("calculator", "", SCRIPTS, act)
    assert "holds no number that it takes: Tokens out" in shown["text"]
    assert shown["rows"] == []


def test_the_samples_hold_every_architecture_and_each_kind_of_bound() -> None:
    asked = sampled()
    assert {name for name, _, _ in asked} == set(ARCHITECTURES)
    merged = [
        work.output_tokens > (work.seconds - work.first_token_seconds) / work.interval_seconds for _, work, _ in asked
    ]
    assert {True, False} == set(merged)
    assert {0, 1, 2, 3} == {work.readers for _, work, _ in asked}


def test_the_scripts_figures_are_the_models() -> None:
    """Write them again with `python -m streamways.costs.page`."""
    assert DATA.read_text(encoding="utf-8") == data_script(PRICES)
