"""DynamoDB tables of moto that stay as fast as they began, however many items they hold.

moto backs up a whole table for each write of a transaction, and looks at every item of it in each query: a table with
the journals of a hundred streams then answers after seconds, and takes gigabytes. Of each value that it answers it
asks for all ten kinds that there are, each under several names, which is most of what a query costs. Here a transaction
keeps what it touches, a query looks at its partition, but for one of a global index, and a value is asked for what it
is. moto's answers stay its own; one request at a time is assumed.
"""

import copy
import inspect
from collections.abc import Iterable, Mapping
from typing import Any, cast

from moto.core.serialize import BaseJSONSerializer
from moto.dynamodb.models import DynamoDBBackend
from moto.dynamodb.models.dynamo_type import DynamoType
from moto.dynamodb.models.table import Table

_backend: Any = DynamoDBBackend
_tables: Any = Table
_serializer: Any = BaseJSONSerializer
_write, _query, _all_items = _backend.transact_write_items, _tables.query, _tables.all_items
_structure = _serializer._serialize_type_structure
_query_parameters = inspect.signature(_query)
_PARTITION = "partition_that_is_queried"


def keep_tables_fast() -> None:
    """Changes moto in this process."""
    _backend.transact_write_items = _transact_write_items
    _tables.__deepcopy__ = _itself
    _tables.query = _query_a_partition
    _tables.all_items = _items_to_look_at
    _serializer._serialize_type_structure = _serialize_type_structure


def _itself(table: Any, _memo: object) -> Any:
    """A table is not copied: what a transaction may have to take back is kept by `_transact_write_items`."""
    return table


def _transact_write_items(backend: Any, transact_items: list[dict[str, Any]]) -> None:
    touched = [_touched(backend, operation) for entry in transact_items for operation in entry.values()]
    before = [(items, key, copy.deepcopy(items.get(key))) for items, key in filter(None, touched)]
    try:
        _write(backend, transact_items)
    except BaseException:
        for items, key, item in before:
            items.pop(key, None)
            if item is not None:
                items[key] = item
        raise


def _touched(backend: Any, operation: Mapping[str, Any]) -> tuple[dict[Any, Any], Any] | None:
    """Where the item of an operation is kept: a partition, and the key in it. None for what moto refuses anyway."""
    table = backend.tables.get(operation.get("TableName"))
    key = cast("Mapping[str, Any]", operation.get("Key") or operation.get("Item") or {})
    if table is None or table.hash_key_attr not in key:
        return None
    hash_key = DynamoType(key[table.hash_key_attr])
    if table.range_key_attr is None:
        return table.items, hash_key
    if table.range_key_attr not in key:
        return None
    return table.items[hash_key], DynamoType(key[table.range_key_attr])


def _query_a_partition(table: Any, *arguments: Any, **named: Any) -> Any:
    given = _query_parameters.bind(table, *arguments, **named).arguments
    if given.get("index_name") in (None, *(index.name for index in table.indexes)) and table.has_range_key:
        setattr(table, _PARTITION, given["hash_key"])
    try:
        return _query(table, *arguments, **named)
    finally:
        setattr(table, _PARTITION, None)


def _items_to_look_at(table: Any) -> Iterable[Any]:
    hash_key = getattr(table, _PARTITION, None)
    return _all_items(table) if hash_key is None else list(table.items.get(hash_key, {}).values())


def _serialize_type_structure(serializer: Any, serialized: dict[str, Any], value: Any, shape: Any, key: str) -> None:
    """A value is a dictionary already, of one member: `{"S": "text"}`."""
    if shape.name != "AttributeValue" or not isinstance(value, dict):
        _structure(serializer, serialized, value, shape, key)
        return
    told = serialized[key] = cast("dict[str, Any]", {})
    for member, inner in cast("dict[str, Any]", value).items():
        serializer._serialize(told, inner, shape.members[member], member)
