"""What one token costs, in whole nano-dollars, from the dated price file `shared/prices.json` (USD per million)."""

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Final, Self, cast

PRICE_FILE: Final = Path(__file__).resolve().parents[1] / "prices.json"
NANO_PER_DOLLAR: Final = 1_000_000_000
TOKENS_PER_PRICE: Final = 1_000_000
"""The file has the prices of models for so many tokens."""


@dataclass(frozen=True)
class TokenPrice:
    """Nano-dollars for one token that a model reads, and for one that it writes."""

    input: int
    output: int

    def of(self, input_tokens: int, output_tokens: int) -> int:
        """Nano-dollars for so many."""
        return input_tokens * self.input + output_tokens * self.output

    def to_json(self) -> dict[str, int]:
        """`{"input", "output"}`."""
        return {"input": self.input, "output": self.output}

    @classmethod
    def from_json(cls, value: Mapping[str, int]) -> Self:
        """Reads what `to_json` wrote."""
        return cls(value["input"], value["output"])


def price_of(model_id: str) -> TokenPrice | None:
    """None for a model that the price file does not know."""
    return _prices().get(model_id)


@cache
def _prices() -> Mapping[str, TokenPrice]:
    models = cast("dict[str, dict[str, Decimal]]", json.loads(PRICE_FILE.read_text(), parse_float=Decimal)["models"])
    return {model: TokenPrice(_nano(price["input"]), _nano(price["output"])) for model, price in models.items()}


def _nano(dollars_a_million: Decimal) -> int:
    """Rounded up: nobody is charged less than the model costs."""
    return math.ceil(dollars_a_million * (NANO_PER_DOLLAR // TOKENS_PER_PRICE))
