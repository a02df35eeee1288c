"""What an answer costs at the model, from the dated price file `shared/prices.json` (USD per million tokens)."""

import json
from functools import cache
from pathlib import Path
from typing import cast

from shared.models.events import Usage

PRICE_FILE = Path(__file__).resolve().parents[1] / "prices.json"
TOKENS_PER_PRICE = 1_000_000


def model_cost(model_id: str, usage: Usage) -> dict[str, object]:
    """`{"currency", "model"}`; the amount is null for a model that the price file does not know."""
    currency, models = _prices()
    price = models.get(model_id)
    amount = None
    if price is not None:
        total = usage.input_tokens * price[0] + usage.output_tokens * price[1]
        amount = round(total / TOKENS_PER_PRICE, 9)
    return {"currency": currency, "model": amount}


@cache
def _prices() -> tuple[str, dict[str, tuple[float, float]]]:
    document = json.loads(PRICE_FILE.read_text())
    models = cast("dict[str, dict[str, float]]", document["models"])
    return document["currency"], {name: (price["input"], price["output"]) for name, price in models.items()}
