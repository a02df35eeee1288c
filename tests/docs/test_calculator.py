"""The calculator of the documentation comes to what the cost model comes to."""

import random
from dataclasses import asdict
from itertools import product
from typing import Any

import pytest

from streamways.clients.client import ARCHITECTURES
from streamways.costs.answer import Answer, answer_lines
from streamways.costs.assumptions import SIZES, Idle, Size, Workload
from streamways.costs.calculator import DATA, data_script
from streamways.costs.lines import total
from streamways.costs.month import idle_lines, model_usd, month_lines, preview_lines
from streamways.costs.prices import read_prices
from streamways.costs.waiting import waiting_share
from tests.docs.scripts import answers

PRICES = read_prices()
SAMPLES = 300


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
