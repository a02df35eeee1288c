"""Where the usage record of a stream is in the table: `shared` writes them, and whoever operates the stack reads them.

A partition holds what ended on one day (UTC) for a sixteenth of the users. Its items are sorted by hour, then by user:

    pk  usage#2026-11-22#07
    sk  13#<user>#<epoch milliseconds>#<fencing token>

So a day or an hour of all users is one query for each shard, and an hour of one user is one query in all. No index is
written, and no partition takes every stream of the stack (docs/adr/0029-a-usage-record-is-one-item-of-a-days-shard.md).
"""

import zlib
from datetime import UTC, date, datetime
from enum import StrEnum
from typing import Final

from shared.contract.table import Partition

USAGE_SHARDS: Final = 16
"""Partitions of a day. One takes 1,000 write units a second, and a record in a transaction is two: so they take 8,000
streams a second. https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/bp-partition-key-design.html"""
USAGE_KEPT_SECONDS: Final = 400 * 24 * 3600
"""A month can be compared with the same month of the year before. Ids of people are not kept for ever."""


class Rating(StrEnum):
    """What a user thinks of an answer."""

    UP = "up"
    DOWN = "down"


def usage_shard(user: str) -> int:
    """The shard that has the records of this user: the same on every machine."""
    return zlib.crc32(user.encode()) % USAGE_SHARDS


def usage_partition(day: date, shard: int) -> str:
    """The partition key of a day (in UTC) and a shard."""
    return f"{Partition.USAGE}{day.isoformat()}#{shard:02d}"


def usage_prefix(hour: int, user: str) -> str:
    """How the sort keys begin of what one user has used in an hour, from 0 to 23, of a day."""
    return f"{hour:02d}#{user}#"


def usage_name(user: str, ended_at: int, fencing_token: str) -> tuple[str, str]:
    """The partition key and the sort key of the record of one stream. `ended_at`: epoch milliseconds."""
    moment = datetime.fromtimestamp(ended_at // 1000, UTC)
    pk = usage_partition(moment.date(), usage_shard(user))
    return pk, f"{usage_prefix(moment.hour, user)}{ended_at:013d}#{fencing_token}"
