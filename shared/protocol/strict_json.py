"""JSON of clients, read the same on every transport that gets them as text.

Python reads more than JSON is: UTF-16, NaN, and of a key that is there twice the last one, where another reader on the
way may have looked at the first.
"""

import json
from typing import cast

from shared.errors import InvalidRequest


def read_object(text: str | bytes, name: str) -> dict[str, object]:
    """The JSON object in a text, or in its UTF-8. Raises InvalidRequest, with `name` for what was sent."""
    value = _read(text)
    if not isinstance(value, dict):
        raise _refusal(name, "object")
    return cast("dict[str, object]", value)


def read_list(text: object, name: str) -> list[object]:
    """The JSON list in what has to be a text. Raises InvalidRequest, with `name` for what was sent."""
    value = _read(text) if isinstance(text, str) else None
    if not isinstance(value, list):
        raise _refusal(name, "list")
    return cast("list[object]", value)


def _read(text: str | bytes) -> object:
    """The JSON value in a text; None also for what is none."""
    try:
        decoded = text if isinstance(text, str) else text.decode()
        return json.loads(decoded, object_pairs_hook=_unique, parse_constant=_no_json)
    except (ValueError, RecursionError):
        return None


def _refusal(name: str, kind: str) -> InvalidRequest:
    return InvalidRequest(
        f"{name} must be a JSON {kind} in UTF-8, in which no key is there twice and no number is NaN or Infinity."
    )


def _unique(pairs: list[tuple[str, object]]) -> dict[str, object]:
    read = dict(pairs)
    if len(read) < len(pairs):
        raise ValueError("a key is there twice")
    return read


def _no_json(constant: str) -> object:
    raise ValueError(f"{constant} is not JSON")
