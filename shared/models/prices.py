"""What an answer costs at the model, from the dated price file `shared/prices.json`."""

from shared.contract.prices import NANO_PER_DOLLAR, price_of
from shared.models.events import Usage

CURRENCY = "USD"


def model_cost_nano(model_id: str, usage: Usage) -> int | None:
    """The cost in whole billionths of `CURRENCY`; None for a model that the price file does not know."""
    price = price_of(model_id)
    return None if price is None else price.of(usage.input_tokens, usage.output_tokens)


def model_cost(model_id: str, usage: Usage) -> float | None:
    """The same in `CURRENCY`."""
    nano = model_cost_nano(model_id, usage)
    return None if nano is None else nano / NANO_PER_DOLLAR
