"""The setting `limits`: what the stack changes of the limits of the tiers (`shared/contract/policy.py`)."""

import json
from typing import cast

from shared.contract.policy import FIGURES, PolicyError, policy_with
from shared.contract.tiers import Tier
from stacks.settings.reader import ConfigReader

KEY = "limits"


def read_limits(reader: ConfigReader) -> str:
    """The changes as JSON, empty where there are none; what is wrong is noted in `reader`."""
    text = reader.text(KEY)
    try:
        given: object = json.loads(text) if text else {}
    except json.JSONDecodeError:
        given = text
    if not isinstance(given, dict):
        reader.refuse(
            KEY, given, f"set it figure by figure: `pulumi config set --path '{KEY}.{Tier.FREE}.{FIGURES[0]}' …`"
        )
        return ""
    changes = cast("dict[str, object]", given)
    try:
        policy_with(changes)
    except PolicyError as error:
        for problem in error.problems:
            reader.refuse(f"{KEY}.{problem.path}", problem.given, problem.remedy)
    return json.dumps(changes, separators=(",", ":")) if changes else ""
