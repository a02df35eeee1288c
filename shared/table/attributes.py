"""Plain JSON values as DynamoDB takes and gives them."""

import json
from collections.abc import Mapping
from decimal import Decimal
from typing import Any, cast

from boto3.dynamodb.types import TypeDeserializer, TypeSerializer


def to_attributes(values: Mapping[str, object]) -> dict[str, Any]:
    """Plain JSON values as DynamoDB's client takes them; absent values (None) are left out."""
    given = {name: value for name, value in values.items() if value is not None}
    exact = json.loads(json.dumps(given), parse_float=Decimal)  # DynamoDB takes no binary fractions
    return {name: TypeSerializer().serialize(value) for name, value in exact.items()}


def from_attributes(attributes: Mapping[str, Any]) -> dict[str, Any]:
    """An item as plain JSON values: whole numbers are `int`, others `float`."""
    deserialize = TypeDeserializer().deserialize
    return {name: _plain(deserialize(value)) for name, value in attributes.items()}


def _plain(value: object) -> object:
    match value:
        case Decimal():
            return int(value) if value == value.to_integral_value() else float(value)
        case dict():
            return {str(name): _plain(item) for name, item in cast("dict[object, object]", value).items()}
        case list():
            return [_plain(item) for item in cast("list[object]", value)]
        case _:
            return value
