"""The units that DynamoDB bills, by the sizes of the items that a request touches.

https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/read-write-operations.html
https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/CapacityUnitCalculations.html

Items are in DynamoDB's own form: `{"name": {"S": "text"}}`.
"""

import base64
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

WRITE_UNIT_BYTES = 1024
READ_UNIT_BYTES = 4096
TRANSACTION_FACTOR = 2
"""A transaction writes each item twice. Its index entries are written afterwards, once.
https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/transaction-apis.html"""
EVENTUALLY_CONSISTENT_FACTOR = 0.5
CONTAINER_BYTES = 3
ELEMENT_BYTES = 1
NUMBER_BYTES = 1
DIGITS_A_BYTE = 2

Item = Mapping[str, Mapping[str, Any]]


@dataclass(frozen=True)
class Index:
    """A secondary index, local or global. An item without both keys is not in it."""

    hash_key: str
    range_key: str
    all_attributes: bool
    """Whether it holds whole items; else their keys alone."""


def item_bytes(item: Item) -> int:
    """The size of an item: its attributes' names and values."""
    return sum(len(name.encode()) + _value_bytes(value) for name, value in item.items())


def write_units(before: Item | None, after: Item | None) -> int:
    """What one write of an item takes: the larger of both sizes counts, and a missing item counts as the smallest."""
    size = max(item_bytes(item) for item in (before or {}, after or {}))
    return max(1, math.ceil(size / WRITE_UNIT_BYTES))


def index_write_units(index: Index, keys: Iterable[str], before: Item | None, after: Item | None) -> int:
    """What a write takes in an index: nothing if its entry stays as it is; two writes if the entry moves."""
    old, new = _entry(index, keys, before), _entry(index, keys, after)
    if old == new:
        return 0
    moved = old is not None and new is not None and _place(index, old) != _place(index, new)
    return write_units(old, None) + write_units(None, new) if moved else write_units(old, new)


def read_units(size: int, *, consistent: bool) -> float:
    """What reading so many bytes takes; nothing found counts as the smallest read."""
    return max(1, math.ceil(size / READ_UNIT_BYTES)) * (1 if consistent else EVENTUALLY_CONSISTENT_FACTOR)


def _entry(index: Index, keys: Iterable[str], item: Item | None) -> Item | None:
    if item is None or index.hash_key not in item or index.range_key not in item:
        return None
    held = {*keys, index.hash_key, index.range_key}
    return {name: value for name, value in item.items() if index.all_attributes or name in held}


def _place(index: Index, entry: Item) -> tuple[object, object]:
    return entry[index.hash_key], entry[index.range_key]


def _value_bytes(value: Mapping[str, Any]) -> int:
    [(kind, content)] = value.items()
    match kind:
        case "S":
            return len(content.encode())
        case "N":
            return _number_bytes(content)
        case "B":
            return len(base64.b64decode(content))
        case "L":
            return CONTAINER_BYTES + sum(ELEMENT_BYTES + _value_bytes(each) for each in content)
        case "M":
            return CONTAINER_BYTES + len(content) * ELEMENT_BYTES + item_bytes(content)
        case "NULL" | "BOOL":
            return 1
        case _:  # a set
            return sum(_value_bytes({kind[0]: each}) for each in content)


def _number_bytes(text: str) -> int:
    digits = len(text.lstrip("-").replace(".", "").strip("0"))
    return NUMBER_BYTES + math.ceil(digits / DIGITS_A_BYTE) + text.startswith("-")
