"""The price of a token: a whole number of nano-dollars, as in the file."""

import json

import pytest

from shared.contract.environment import Variable
from shared.contract.prices import NANO_PER_DOLLAR, PRICE_FILE, TokenPrice, price_of
from shared.credits.credits import Credits
from shared.models.events import Usage
from shared.models.prices import model_cost


def test_every_price_of_the_file_is_a_whole_number_of_nano_dollars_and_none_is_free() -> None:
    models = json.loads(PRICE_FILE.read_text())["models"]
    for model, listed in models.items():
        price = price_of(model)
        assert price is not None
        assert (price.input, price.output) == pytest.approx((listed["input"] * 1_000, listed["output"] * 1_000))
        assert min(price.input, price.output) > 0


def test_the_cost_of_an_answer_is_that_of_its_tokens() -> None:
    assert price_of("amazon.nova-lite-v1:0") == TokenPrice(60, 240)
    assert model_cost("amazon.nova-lite-v1:0", Usage(10, 100)) == 24_600 / NANO_PER_DOLLAR
    assert model_cost("unknown", Usage(10, 100)) is None


def test_a_function_counts_credits_as_its_environment_says(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(Variable.CREDITS, raising=False)
    assert Credits.from_environment() is None
    monkeypatch.setenv(Variable.CREDITS, '{"mode": "strict", "model": "amazon.nova-lite-v1:0"}')
    assert Credits.from_environment() == Credits(TokenPrice(60, 240))


def test_a_function_whose_model_has_no_price_does_not_start(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(Variable.CREDITS, '{"mode": "strict", "model": "unknown"}')
    with pytest.raises(LookupError, match="no price of unknown"):
        Credits.from_environment()
