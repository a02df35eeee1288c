"""Which IAM actions on which tables, and on items of which partitions, a call to DynamoDB needs.

https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazondynamodb.html
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, cast

from sandbox.aws.refusals import CallRefused
from sandbox.iam.permission import Permission
from sandbox.world import ACCOUNT_ID

_MEMBERS = {"Put": "PutItem", "Update": "UpdateItem", "Delete": "DeleteItem", "Get": "GetItem"}
_EQUAL = re.compile(r"([\w.#-]+)\s*=\s*(:\w+)")

Values = Mapping[str, Any]


def of_dynamodb(region: str, action: str, call: Values, partition_keys: Mapping[str, str]) -> Iterator[Permission]:
    """What a call needs, a permission for each member of a transaction. Raises CallRefused for PartiQL.

    `partition_keys`: the attribute that each table is partitioned by, by the table's name.
    """

    def on(action: str, given: object, items: Iterable[object] = (), index: object = None) -> Permission:
        name = str(given).rpartition("/")[2]
        arn = f"arn:aws:dynamodb:{region}:{ACCOUNT_ID}:table/{name}"
        resource = str(given) if str(given).startswith("arn:") else arn
        keys = frozenset(_texts_at(partition_keys.get(name, ""), items))
        return Permission(f"dynamodb:{action}", f"{resource}/index/{index}" if index else resource, keys)

    if action in ("ExecuteStatement", "BatchExecuteStatement", "ExecuteTransaction"):
        raise CallRefused("UnknownOperationException", f"The sandbox does not run PartiQL ({action}).", 501)
    if action in ("TransactWriteItems", "TransactGetItems"):
        for item in cast("list[dict[str, Values]]", call.get("TransactItems", [])):
            for kind, member in item.items():
                items = (member.get("Key"), member.get("Item"))
                yield on(_MEMBERS.get(kind, "ConditionCheckItem"), member.get("TableName"), items)
    elif action in ("BatchGetItem", "BatchWriteItem"):
        for name, asked in cast("Values", call.get("RequestItems", {})).items():
            yield on(action, name, _items_of_batch(asked))
    elif "TableName" in call:
        items = (call.get("Key"), call.get("Item"), _item_of_query(call))
        yield on(action, call["TableName"], items, call.get("IndexName"))
    else:
        yield Permission(f"dynamodb:{action}", "*")


def _items_of_batch(asked: object) -> Iterator[object]:
    if isinstance(asked, Mapping):
        yield from cast("Values", asked).get("Keys", ())
    else:
        for request in cast("list[dict[str, Values]]", asked):
            for member in request.values():
                yield member.get("Key") or member.get("Item")


def _item_of_query(call: Values) -> Values:
    """The attributes that a query demands to be equal to something."""
    names, values = call.get("ExpressionAttributeNames", {}), call.get("ExpressionAttributeValues", {})
    found = _EQUAL.findall(str(call.get("KeyConditionExpression", "")))
    return {names.get(name, name): values.get(value) for name, value in found}


def _texts_at(partition_key: str, items: Iterable[object]) -> Iterator[str]:
    for item in items:
        value: object = cast("Values", item).get(partition_key) if isinstance(item, Mapping) else None
        if isinstance(value, Mapping) and isinstance(text := cast("Values", value).get("S"), str):
            yield text
