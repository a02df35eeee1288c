"""Lists for people, of names and values."""

import json
from collections.abc import Mapping

from sandbox.clients.outputs import StackOutputs


def print_outputs(outputs: StackOutputs, *, as_json: bool) -> None:
    """The outputs, as one JSON object or a line each."""
    values = outputs.to_json()
    print(json.dumps(values, indent=2) if as_json else lines(values))


def lines(values: Mapping[str, object]) -> str:
    """A line for each value, the values below each other."""
    width = max((len(name) for name in values), default=0)
    return "\n".join(f"{name:<{width}}  {value}" for name, value in values.items())
