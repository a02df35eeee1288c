"""The setting `credits`: whether users have credits (`shared/contract/credits.py`)."""

import json

from shared.contract.credits import CreditMode
from shared.contract.prices import price_of
from stacks.settings.reader import ConfigReader

KEY = "credits"


def read_credits(reader: ConfigReader, model: str) -> str:
    """The mode and the model whose price counts, as JSON; empty where nobody has credits.

    Credits without a price could not be counted: such a model is noted in `reader`.
    """
    mode = reader.choice(KEY, [mode.value for mode in CreditMode])
    if mode == CreditMode.NONE:
        return ""
    if price_of(model) is None:
        remedy = f"the model {model} has no price in shared/prices.json; add it there, or set credits to none"
        reader.refuse(KEY, mode, remedy)
    return json.dumps({"mode": mode, "model": model}, separators=(",", ":"))
