"""Plain values as DynamoDB takes and gives them: those of JSON, and bytes."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any, cast

from boto3.dynamodb.types import Binary, TypeDeserializer, TypeSerializer


def to_attributes(values: Mapping[str, object]) -> dict[str, Any]:
    """Plain values as DynamoDB's client takes them; absent values (None) are left out."""
    serialize = TypeSerializer().serialize
    return {name: serialize(_exact(value)) for name, value in values.items() if value is not None}


def from_attributes(attributes: Mapping[str, Any]) -> dict[str, Any]:
    """An item as plain values: whole numbers are `int`, others `float`."""
    deserialize = TypeDeserializer().deserialize
    return {name: _plain(deserialize(value)) for name, value in attributes.items()}


def _exact(value: object) -> object:
    match value:
        case float():
            return Decimal(repr(value))  # DynamoDB takes no binary fractions
        case Mapping():
            return {str(name): _exact(item) for name, item in cast("Mapping[object, object]", value).items()}
        case list() | tuple():
            return [_exact(item) for item in cast("list[object]", value)]
        case _:
            return value


def _plain(value: object) -> object:
    match value:
        case Decimal():
            return int(value) if value == value.to_integral_value() else float(value)
        case Binary():
            return cast("Any", value).value  # the stubs do not know it
        case dict():
            return {str(name): _plain(item) for name, item in cast("dict[object, object]", value).items()}
        case list():
            return [_plain(item) for item in cast("list[object]", value)]
        case _:
            return value
