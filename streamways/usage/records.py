"""Reads usage records out of a stack's table, by day or by user, with the operator's own AWS credentials.

Without a scan: see `shared/contract/usage.py` for the keys, and docs/data.md for the attributes.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any, Self, cast

from botocore.exceptions import BotoCoreError, ClientError

from shared.contract.usage import USAGE_SHARDS, usage_partition, usage_prefix, usage_shard
from streamways.errors import CommandError
from streamways.target.table import StreamsTable

HOURS = range(24)


@dataclass(frozen=True)
class Used:
    """What one stream has used."""

    user: str
    tier: str
    architecture: str
    chat_id: str
    model: str
    stop_reason: str
    failed: bool
    estimated: bool
    input_tokens: int
    output_tokens: int
    cost_nano_usd: int | None
    """None for a model that the price file does not know."""
    duration_ms: int
    ended_at: datetime
    """In UTC."""
    rating: str | None

    @classmethod
    def of(cls, item: Mapping[str, Mapping[str, object]]) -> Self:
        """Reads an item as DynamoDB gives it."""
        plain = {name: _plain(value) for name, value in item.items()}
        return cls(
            user=plain["user"],
            tier=plain["tier"],
            architecture=plain["architecture"],
            chat_id=plain["chatId"],
            model=plain["model"],
            stop_reason=plain["stopReason"],
            failed=plain["failed"],
            estimated=plain.get("estimated", False),
            input_tokens=plain["inputTokens"],
            output_tokens=plain["outputTokens"],
            cost_nano_usd=plain.get("costNanoUsd"),
            duration_ms=plain["durationMs"],
            ended_at=datetime.fromtimestamp(plain["endedAt"] / 1000, UTC),
            rating=plain.get("rating"),
        )


class UsageRecords:
    """The usage records of one table. Each method raises CommandError when DynamoDB refuses or does not answer."""

    def __init__(self, table: StreamsTable) -> None:
        self._table = table

    def of_day(self, day: date) -> Iterator[Used]:
        """What ended on that day (in UTC), of all users."""
        for shard in range(USAGE_SHARDS):
            yield from self._query("pk = :pk", {":pk": usage_partition(day, shard)})

    def of_user(self, user: str, day: date) -> Iterator[Used]:
        """What this user's streams have used that ended on that day (in UTC)."""
        pk = usage_partition(day, usage_shard(user))
        for hour in HOURS:
            begins = {":pk": pk, ":prefix": usage_prefix(hour, user)}
            yield from self._query("pk = :pk AND begins_with(sk, :prefix)", begins)

    def _query(self, condition: str, values: Mapping[str, str]) -> Iterator[Used]:
        asked = {
            "TableName": self._table.name,
            "KeyConditionExpression": condition,
            "ExpressionAttributeValues": {name: {"S": value} for name, value in values.items()},
        }
        try:
            for page in self._table.client.get_paginator("query").paginate(**asked):
                yield from map(Used.of, page["Items"])
        except (BotoCoreError, ClientError) as error:
            raise CommandError(f"the table {self._table.name} cannot be read: {error}") from error


def _plain(value: Mapping[str, object]) -> Any:
    [(kind, held)] = value.items()
    return int(cast("str", held)) if kind == "N" else held
