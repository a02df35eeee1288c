"""Reads and writes of the one table: consistent reads, conditional writes, and transactions that outlast a conflict.

https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/transaction-apis.html

Items come and go as plain JSON values (see shared.table). A write that its condition refuses raises ConditionFailed,
with the item that was in its way.
"""

import os
import random
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache
from typing import TYPE_CHECKING, Any, Self, TypeVar, cast

from botocore.exceptions import ClientError

from shared.aws import client
from shared.table import Key, cancellation_codes, condition_failed, from_attributes, to_attributes
from shared.writes import Write, names_in

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

T = TypeVar("T")
Item = dict[str, Any]

MAX_BATCH_GET = 100
"""https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_BatchGetItem.html"""
MAX_BATCH_WRITE = 25
"""https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_BatchWriteItem.html"""
ATTEMPTS = 10
"""How often a write is tried that meets another transaction on its way, or a page whose items come in pieces."""
FIRST_WAIT_SECONDS = 0.02
LONGEST_WAIT_SECONDS = 0.3
PASSING = frozenset({"None", "TransactionConflict", "ThrottlingError", "ProvisionedThroughputExceeded"})
"""Why a transaction may be cancelled today and written tomorrow."""


class Unfinished(Exception):
    """DynamoDB kept leaving a part of a batch undone, which it does for load."""


class ConditionFailed(Exception):
    """Nothing was written. `items`: by the number of each refused write, the item it met; None if there was none."""

    def __init__(self, items: Mapping[int, Item | None]) -> None:
        super().__init__(f"the conditions of these writes failed: {sorted(items)}")
        self.items = items


class TableClient:
    """One table, on one pooled client. Threads may share it."""

    def __init__(self, table: str) -> None:
        self.table = table
        self.client: DynamoDBClient = client("dynamodb", read_timeout=1.5, attempts=3)

    @classmethod
    def from_environment(cls) -> Self:
        """The table named by `STREAMS_TABLE`; all who ask in one process share its connections."""
        return cast("Self", _shared(os.environ["STREAMS_TABLE"]))

    def get(self, key: Key) -> Item | None:
        """An item, read consistently."""
        item = self.client.get_item(TableName=self.table, Key=to_attributes(key), ConsistentRead=True).get("Item")
        return item and from_attributes(item)

    def get_many(self, keys: Sequence[Key]) -> list[Item | None]:
        """Items in the order of their keys, each read consistently. Keys must differ."""
        found: dict[tuple[str, str], Item] = {}
        for first in range(0, len(keys), MAX_BATCH_GET):
            for item in self._batch([to_attributes(key) for key in keys[first : first + MAX_BATCH_GET]]):
                found[item["pk"], item["sk"]] = item
        return [found.get((key["pk"], key["sk"])) for key in keys]

    def _batch(self, keys: list[dict[str, Any]]) -> Iterator[Item]:
        for wait in attempts():
            answer: Any = self.client.batch_get_item(RequestItems={self.table: {"Keys": keys, "ConsistentRead": True}})
            yield from map(from_attributes, answer["Responses"].get(self.table, []))
            if not answer.get("UnprocessedKeys"):
                return
            keys = answer["UnprocessedKeys"][self.table]["Keys"]
            wait()
        raise Unfinished(f"{len(keys)} items could not be read")

    def pages(self, **query: object) -> Iterator[list[Item]]:
        """A consistent Query, page by page. `query`: as in its API, values plain; `#name` and `:name` as in Where."""
        values = {name: query.pop(name) for name in list(query) if name.startswith(":")}
        request: dict[str, Any] = {"TableName": self.table, "ConsistentRead": True, **query}
        texts = " ".join(str(text) for name, text in query.items() if name.endswith("Expression"))
        request |= {"ExpressionAttributeNames": names_in(texts), "ExpressionAttributeValues": to_attributes(values)}
        while True:
            page = self.client.query(**request)
            yield [from_attributes(attributes) for attributes in page["Items"]]
            if "LastEvaluatedKey" not in page:
                return
            request["ExclusiveStartKey"] = page["LastEvaluatedKey"]

    def pages_of(self, key: Key, prefix: str, **query: object) -> Iterator[list[Item]]:
        """As `pages`, of the items in this key's partition whose sort keys begin so."""
        query |= {":pk": key["pk"], ":prefix": prefix}
        return self.pages(KeyConditionExpression="#pk = :pk AND begins_with(#sk, :prefix)", **query)

    def write(self, write: Write) -> Item:
        """Makes one write. The item as an Update has left it, else nothing. Raises ConditionFailed."""
        arguments: dict[str, Any] = {
            "TableName": self.table,
            "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
            **write.arguments,
        }
        if write.kind == "Put":
            call = self.client.put_item
        elif write.kind == "Delete":
            call = self.client.delete_item
        else:
            call, arguments["ReturnValues"] = self.client.update_item, "ALL_NEW"
        try:
            return from_attributes(_persistently(lambda: call(**arguments)).get("Attributes", {}))
        except ClientError as error:
            if condition_failed(error):
                raise ConditionFailed({0: _item_of(error.response)}) from error
            raise

    def transact(self, writes: Sequence[Write]) -> None:
        """Makes all of these writes, or none. Raises ConditionFailed.

        The SDK repeats it under one token, so an answer that was lost is found again, for ten minutes.
        """
        items: list[Any] = [
            {
                write.kind: {
                    "TableName": self.table,
                    "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
                    **write.arguments,
                }
            }
            for write in writes
        ]
        try:
            _persistently(lambda: self.client.transact_write_items(TransactItems=items))
        except ClientError as error:
            codes = cancellation_codes(error)
            failed = [number for number, code in enumerate(codes) if code == "ConditionalCheckFailed"]
            if failed:
                reasons = cast("list[Mapping[str, Any]]", error.response.get("CancellationReasons"))
                raise ConditionFailed({number: _item_of(reasons[number]) for number in failed}) from error
            raise

    def delete_all(self, keys: Sequence[Key]) -> None:
        """Removes many items, in batches; one that is not there is no error."""
        for first in range(0, len(keys), MAX_BATCH_WRITE):
            self._delete_batch(
                [{"DeleteRequest": {"Key": to_attributes(key)}} for key in keys[first : first + MAX_BATCH_WRITE]]
            )

    def _delete_batch(self, requests: Any) -> None:
        for wait in attempts():
            answer: Any = self.client.batch_write_item(RequestItems={self.table: requests})
            if not answer.get("UnprocessedItems"):
                return
            requests = answer["UnprocessedItems"][self.table]
            wait()
        raise Unfinished(f"{len(requests)} items could not be removed")


@cache
def _shared(table: str) -> TableClient:
    return TableClient(table)


def _persistently(call: Callable[[], T]) -> T:
    """Repeats a write that met another on its way: whoever comes second has only to wait."""
    for wait in attempts():
        try:
            return call()
        except ClientError as error:
            if not _passes(error):
                raise
        wait()
    return call()


def attempts() -> Iterator[Callable[[], None]]:
    """As many as are made at what another may be doing as well, each with the wait that follows it: ever longer, with
    full jitter."""
    for attempt in range(ATTEMPTS):
        longest = min(LONGEST_WAIT_SECONDS, FIRST_WAIT_SECONDS * 2**attempt)
        yield lambda longest=longest: time.sleep(random.uniform(0, longest))


def _passes(error: ClientError) -> bool:
    codes = cancellation_codes(error)
    if codes:
        return PASSING.issuperset(codes)
    return error.response.get("Error", {}).get("Code") == "TransactionConflictException"


def _item_of(answer: Mapping[str, Any]) -> Item | None:
    item = answer.get("Item")
    return from_attributes(item) if item else None
