"""A table of moto whose every request is metered as DynamoDB meters it.

moto answers `ConsumedCapacity` with constants. So the items that a request writes are looked at before and after, and
what a request reads is read once more, whole; one request at a time.
"""

import asyncio
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

from starlette.responses import Response

from sandbox.aws.moto import Moto
from sandbox.aws.moto_proxy import MotoProxy
from streamways.bench.capacity.units import (
    TRANSACTION_FACTOR,
    Item,
    index_write_units,
    item_bytes,
    read_units,
    write_units,
)
from streamways.bench.services import INDEXES, KEYS

TARGET = "x-amz-target"
_PARTITION = re.compile(r"#pk = (:\w+)")
_WRITES = ("PutItem", "UpdateItem", "DeleteItem")

Document = dict[str, Any]


@dataclass(frozen=True)
class Metered:
    """One request and what DynamoDB would bill for it."""

    operation: str
    sort_keys: Sequence[str]
    """Of the items that it names; of a query, where it begins."""
    write_units: float = 0
    read_units: float = 0


class MeteredTable(MotoProxy):
    """Sends requests on to moto and notes what each takes, in their order."""

    def __init__(self, moto: Moto) -> None:
        super().__init__(moto)
        self.metered: list[Metered] = []
        self._one_at_a_time = asyncio.Lock()

    async def forward(self, body: bytes, headers: Mapping[str, str]) -> Response:
        """See MotoProxy. Raises ValueError for an operation that nobody has taught it to meter."""
        operation, asked = headers[TARGET].rpartition(".")[2], cast("Document", json.loads(body))
        async with self._one_at_a_time:
            if operation in (*_WRITES, "TransactWriteItems"):
                return await self._write(operation, asked, body, headers)
            self.metered.append(await self._read(operation, asked, headers))
            return await super().forward(body, headers)

    async def _write(self, operation: str, asked: Document, body: bytes, headers: Mapping[str, str]) -> Response:
        """A write that its condition refuses takes as much as one that leaves the item as it is."""
        entries: list[Document] = asked.get("TransactItems") or [{operation: asked}]
        writes = [write for entry in entries for write in entry.values()]
        keys = [_key(write.get("Key") or write["Item"]) for write in writes]
        tables = [write["TableName"] for write in writes]
        before = [await self._item(table, key, headers) for table, key in zip(tables, keys, strict=True)]
        answer = await super().forward(body, headers)
        after = [await self._item(table, key, headers) for table, key in zip(tables, keys, strict=True)]
        factor = TRANSACTION_FACTOR if operation == "TransactWriteItems" else 1
        units = sum(_units(old, new, factor) for old, new in zip(before, after, strict=True))
        self.metered.append(Metered(operation, _sort_keys(keys), write_units=units))
        return answer

    async def _read(self, operation: str, asked: Document, headers: Mapping[str, str]) -> Metered:
        if operation == "GetItem":
            units = await self._get_units(asked["TableName"], [asked["Key"]], asked, headers)
            return Metered(operation, _sort_keys([asked["Key"]]), read_units=units)
        if operation == "BatchGetItem":
            [(table, batch)] = asked["RequestItems"].items()
            units = await self._get_units(table, batch["Keys"], batch, headers)
            return Metered(operation, _sort_keys(batch["Keys"]), read_units=units)
        if operation == "Query":
            return await self._query(asked, headers)
        raise ValueError(f"{operation} is not metered yet: see {__name__}")

    async def _get_units(
        self, table: str, keys: Sequence[Document], asked: Document, headers: Mapping[str, str]
    ) -> float:
        """Each item is rounded up by itself."""
        items = [await self._item(table, key, headers) for key in keys]
        return sum(read_units(item_bytes(item or {}), consistent=_is_consistent(asked)) for item in items)

    async def _query(self, asked: Document, headers: Mapping[str, str]) -> Metered:
        """What a filter drops and a projection leaves out is read, and billed, all the same."""
        condition: str = asked["KeyConditionExpression"]
        whole = {
            name: value for name, value in asked.items() if name not in ("FilterExpression", "ProjectionExpression")
        }
        for names in ("ExpressionAttributeNames", "ExpressionAttributeValues"):
            whole[names] = {name: value for name, value in asked[names].items() if name in condition}
        found = await self._ask("Query", whole, headers)
        partition = _PARTITION.search(condition)
        values = [
            value["S"]
            for name, value in whole["ExpressionAttributeValues"].items()
            if partition is None or name != partition[1]
        ]
        size = sum(item_bytes(item) for item in found["Items"])
        return Metered("Query", values, read_units=read_units(size, consistent=_is_consistent(asked)))

    async def _item(self, table: str, key: Document, headers: Mapping[str, str]) -> Item | None:
        asked = {"TableName": table, "Key": key, "ConsistentRead": True}
        return (await self._ask("GetItem", asked, headers)).get("Item")

    async def _ask(self, operation: str, asked: Document, headers: Mapping[str, str]) -> Document:
        """A request of the meter's own, in the name of the one that it meters."""
        target = f"{headers[TARGET].rpartition('.')[0]}.{operation}"
        kept = ("content-type", "authorization", "x-amz-date", "x-amz-security-token")
        own = {name: headers[name] for name in kept if name in headers} | {TARGET: target}
        return (await self.send("POST", "/", own, json.dumps(asked).encode())).json()


def _units(before: Item | None, after: Item | None, factor: int) -> int:
    return factor * write_units(before, after) + sum(
        index_write_units(index, KEYS, before, after) for index in INDEXES.values()
    )


def _is_consistent(asked: Document) -> bool:
    return bool(asked.get("ConsistentRead"))


def _key(item: Document) -> Document:
    return {name: item[name] for name in KEYS}


def _sort_keys(keys: Iterable[Document]) -> list[str]:
    return [key["sk"]["S"] for key in keys]
