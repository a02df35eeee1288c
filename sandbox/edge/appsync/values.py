"""JSON whose shape is not known: read with distrust, written so that it can always be sent."""

import json
from collections.abc import Mapping
from typing import cast


def read_json(text: str | bytes) -> object:
    """The value of a JSON text. Raises ValueError for any other text, and for one that is nested too deep."""
    try:
        return cast(object, json.loads(text, parse_constant=_no_constant))
    except RecursionError:
        raise ValueError("nested too deep") from None


def _no_constant(name: str) -> object:
    """`NaN` and `Infinity` are Python's, not JSON's."""
    raise ValueError(f"{name} is not JSON")


def to_json_text(value: object) -> str:
    """The value as compact JSON. Half a surrogate pair becomes `?`, as when Java writes UTF-8."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace").decode()


def as_object(value: object) -> Mapping[str, object]:
    """The value if it is a JSON object, else an empty one."""
    return cast("Mapping[str, object]", value) if isinstance(value, dict) else {}


def as_list(value: object) -> list[object]:
    """The value if it is a JSON array, else an empty one."""
    return cast("list[object]", value) if isinstance(value, list) else []
