"""What an answer costs at the model, from the dated price file `shared/prices.json` (USD per million tokens)."""

import json
from functools import cache
from pathlib import Path
from typing import cast

from shared.models.events import Usage

PRICE_FILE = Path(__file__).resolve().parents[1] / "prices.json"
CURRENCY = "USD"
TOKENS_PER_PRICE = 1_000_000


def model_cost(model_id: str, usage: Usage) -> float | None:
    """The cost in `CURRENCY`; None for a model that the price file does not know."""
    price = _prices().get(model_id)
    if price is None:
        return None
    total = usage.input_tokens * price["input"] + usage.output_tokens * price["output"]
    return round(total / TOKENS_PER_PRICE, 9)


@cache
def _prices() -> dict[str, dict[str, float]]:
    return cast("dict[str, dict[str, float]]", json.loads(PRICE_FILE.read_text())["models"])
