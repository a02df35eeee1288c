"""Reads and writes of the one table: consistent reads, conditional writes, and transactions.

https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/transaction-apis.html

Items come and go as plain JSON values (see shared.table.attributes). A write that its condition refuses raises
ConditionFailed, with the item that was in its way. An error that passes by itself is waited for (see
shared.table.patience); then Busy is raised, and after a write nobody knows whether it was made.
"""

import os
import secrets
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from typing import TYPE_CHECKING, Any, Self, cast

from botocore.exceptions import ClientError

from shared.aws import client
from shared.contract.environment import Variable
from shared.table.attributes import from_attributes, to_attributes
from shared.table.keys import Key
from shared.table.patience import Patience
from shared.table.refusals import cancellation_codes, condition_failed
from shared.table.writes import Write, names_in

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

Item = dict[str, Any]

READ_TIMEOUT_SECONDS = 1.5
"""How long one request is waited for; it may be repeated (see shared.table.patience)."""
MAX_BATCH_GET = 100
"""https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_BatchGetItem.html"""
MAX_BATCH_WRITE = 25
"""https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_BatchWriteItem.html"""


class ConditionFailed(Exception):
    """Nothing was written. `items`: by the number of each refused write, the item it met; None if there was none."""

    def __init__(self, items: Mapping[int, Item | None]) -> None:
        super().__init__(f"the conditions of these writes failed: {sorted(items)}")
        self.items = items


class Contended(Exception):
    """Nothing was written: another transaction is writing one of these items, and it will be another then."""


class TableClient:
    """One table, on one pooled client. Threads may share it."""

    def __init__(self, table: str) -> None:
        self.table = table
        self.client: DynamoDBClient = client("dynamodb", read_timeout=READ_TIMEOUT_SECONDS, attempts=1)

    @classmethod
    def from_environment(cls) -> Self:
        """The table named by `STREAMS_TABLE`; all who ask in one process share its connections."""
        return cast("Self", _shared(os.environ[Variable.STREAMS_TABLE]))

    def get(self, key: Key, patience: Patience | None = None) -> Item | None:
        """An item, read consistently."""
        asked: Any = {"TableName": self.table, "Key": to_attributes(key), "ConsistentRead": True}
        return _item_of((patience or Patience()).ask(lambda: self.client.get_item(**asked)))

    def get_many(self, keys: Sequence[Key], patience: Patience | None = None) -> list[Item | None]:
        """Items in the order of their keys, each read consistently. Keys must differ."""
        found: dict[tuple[str, str], Item] = {}
        for first in range(0, len(keys), MAX_BATCH_GET):
            asked = [to_attributes(key) for key in keys[first : first + MAX_BATCH_GET]]
            for item in self._batch(asked, patience or Patience()):
                found[item["pk"], item["sk"]] = item
        return [found.get((key["pk"], key["sk"])) for key in keys]

    def _batch(self, keys: list[dict[str, Any]], patience: Patience) -> Iterator[Item]:
        while keys:
            asked: Any = {self.table: {"Keys": keys, "ConsistentRead": True}}
            answer: Any = patience.ask(lambda asked=asked: self.client.batch_get_item(RequestItems=asked))
            yield from map(from_attributes, answer["Responses"].get(self.table, []))
            keys = answer.get("UnprocessedKeys", {}).get(self.table, {}).get("Keys", [])
            if keys:
                patience.wait()

    def pages(self, patience: Patience | None = None, /, **query: object) -> Iterator[list[Item]]:
        """A consistent Query, page by page. `query`: as in its API, values plain; `#name` and `:name` as in Where.

        All pages share a given patience; without one each page has its own.
        """
        values = {name: query.pop(name) for name in list(query) if name.startswith(":")}
        request: dict[str, Any] = {"TableName": self.table, "ConsistentRead": True, **query}
        texts = " ".join(str(text) for name, text in query.items() if name.endswith("Expression"))
        request |= {"ExpressionAttributeNames": names_in(texts), "ExpressionAttributeValues": to_attributes(values)}
        while True:
            page = (patience or Patience()).ask(lambda: self.client.query(**request))
            yield [from_attributes(attributes) for attributes in page["Items"]]
            if "LastEvaluatedKey" not in page:
                return
            request["ExclusiveStartKey"] = page["LastEvaluatedKey"]

    def pages_of(
        self, key: Key, prefix: str, patience: Patience | None = None, /, **query: object
    ) -> Iterator[list[Item]]:
        """As `pages`, of the items in this key's partition whose sort keys begin so."""
        query |= {":pk": key["pk"], ":prefix": prefix}
        return self.pages(patience, KeyConditionExpression="#pk = :pk AND begins_with(#sk, :prefix)", **query)

    def write(self, write: Write, patience: Patience | None = None) -> Item:
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
            return from_attributes((patience or Patience()).ask(lambda: call(**arguments)).get("Attributes", {}))
        except ClientError as error:
            if condition_failed(error):
                raise ConditionFailed({0: _item_of(error.response)}) from error
            raise

    def transact(self, writes: Sequence[Write], patience: Patience | None = None) -> None:
        """Makes all of these writes, or none. Raises ConditionFailed; Contended at once, for whoever decides anew.

        It is repeated under one token, so an answer that was lost is found again, for ten minutes.
        """
        token = secrets.token_hex(16)
        items: list[Any] = [self._transacted(write) for write in writes]
        try:
            (patience or Patience()).ask(
                lambda: self.client.transact_write_items(TransactItems=items, ClientRequestToken=token)
            )
        except ClientError as error:
            codes = cancellation_codes(error)
            failed = [number for number, code in enumerate(codes) if code == "ConditionalCheckFailed"]
            if failed:
                reasons = cast("list[Mapping[str, Any]]", error.response.get("CancellationReasons"))
                raise ConditionFailed({number: _item_of(reasons[number]) for number in failed}) from error
            if "TransactionConflict" in codes:
                raise Contended from error
            raise

    def _transacted(self, write: Write) -> dict[str, Any]:
        told = {"TableName": self.table, "ReturnValuesOnConditionCheckFailure": "ALL_OLD"}
        return {write.kind: {**told, **write.arguments}}

    def delete_all(self, keys: Sequence[Key]) -> None:
        """Removes many items, in batches; one that is not there is no error."""
        for first in range(0, len(keys), MAX_BATCH_WRITE):
            self._delete_batch(
                [{"DeleteRequest": {"Key": to_attributes(key)}} for key in keys[first : first + MAX_BATCH_WRITE]]
            )

    def _delete_batch(self, requests: Any) -> None:
        patience = Patience()
        while requests:
            asked = {self.table: requests}
            answer: Any = patience.ask(lambda asked=asked: self.client.batch_write_item(RequestItems=asked))
            requests = answer.get("UnprocessedItems", {}).get(self.table)
            if requests:
                patience.wait()


@cache
def _shared(table: str) -> TableClient:
    return TableClient(table)


def _item_of(answer: Mapping[str, Any]) -> Item | None:
    item = answer.get("Item")
    return from_attributes(item) if item else None
