"""What each use of the streams table needs of IAM: exactly the calls that `shared/` makes for it, on which items.

A transaction needs the action of each of its writes, and none of its own:
https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/transaction-apis-iam.html

The condition on the leading keys bounds a statement to items of some partitions. Every action here comes with such a
key: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/specifying-conditions.html
"""

from dataclasses import dataclass
from typing import Final

import pulumi

from shared.contract.table import LISTED_INDEX, OPEN_INDEX, Partition
from stacks.arguments import CoreAccess
from stacks.iam import Statement

_STREAMING: Final = frozenset({Partition.CHAT, Partition.STREAM, Partition.USER})


@dataclass(frozen=True)
class Use:
    """Calls, and the partitions whose items they are about."""

    actions: frozenset[str]
    partitions: frozenset[Partition]


def _use(*actions: str, of: frozenset[Partition] = _STREAMING) -> Use:
    return Use(frozenset(f"dynamodb:{name}" for name in actions), of)


ADMIT: Final = _use("BatchGetItem", "PutItem", "Query", "UpdateItem")
"""Admit a stream, or find the one that runs (`shared/streams/admission.py`)."""
DISPATCH: Final = _use("DeleteItem", "UpdateItem")
"""Take a stream back whose worker could not be started (`shared/streams/dispatch.py`)."""
LOOK_UP: Final = _use("BatchGetItem", "GetItem")
"""Find a stream, or a user's latest of a chat (`shared/streams/repository.py`)."""
CANCEL: Final = _use("PutItem", "UpdateItem")
"""Cancel a stream, also one that has not begun (`shared/streams/repository.py`)."""
RUN: Final = _use("DeleteItem", "GetItem", "PutItem", "Query", "UpdateItem")
"""Claim a stream, keep it alive, find out what a dropped reader meant, write its journal, end it
(`shared/generation/run.py`)."""
FOLLOW: Final = _use("GetItem", "Query")
"""Read a journal to the end of its stream (`shared/streams/tail.py`)."""
REAP: Final = _use("BatchGetItem", "DeleteItem", "GetItem", "PutItem", "Query", "UpdateItem")
"""End the streams of dead workers (`shared/streams/reaper.py`); they are found by `find_open_streams`."""
CHATS: Final = _use("BatchGetItem", "BatchWriteItem", "DeleteItem", "GetItem", "PutItem", "Query", "UpdateItem")
"""Read, change and delete chats (`shared/chats/store.py`), invite to them and leave them (`shared/chats/members.py`);
they are listed by `list_chats`, and what was done is recorded by `add_to_audit`."""
RECORD: Final = _use("PutItem", of=frozenset({Partition.AUDIT}))
"""Put facts into the audit record (`shared/chats/audit.py`)."""
BOOK: Final = _use("PutItem", of=frozenset({Partition.USAGE}))
"""Put the usage record of a stream that ends (`shared/streams/usage_item.py`)."""
RATE: Final = _use("UpdateItem", of=frozenset({Partition.USAGE}))
"""Write the rating of an answer into the usage record of its stream (`shared/streams/ratings.py`)."""
GIVE_TICKET: Final = _use("PutItem", of=frozenset({Partition.TICKET}))
"""Keep a ticket that is given (`handlers/websocket/ticket_store.py`)."""
TAKE_TICKET: Final = _use("UpdateItem", of=frozenset({Partition.TICKET}))
"""Whoever takes a ticket marks it, and reads it in the same call (`handlers/websocket/ticket_store.py`)."""
CONNECTIONS: Final = _use("DeleteItem", "GetItem", "UpdateItem", of=frozenset({Partition.CONNECTION, Partition.USER}))
"""Keep the session of a WebSocket connection (`handlers/websocket/session.py`), and its readers
(`shared/streams/readers.py`)."""


def table_access(core: CoreAccess, *uses: Use) -> Statement:
    """The right to all of `uses` of the streams table, in all of their partitions."""
    partitions = sorted({partition for use in uses for partition in use.partitions})
    return {
        "actions": sorted({action for use in uses for action in use.actions}),
        "resources": [core["table_arn"]],
        "leading_keys": [f"{partition}*" for partition in partitions],
    }


def add_to_audit(core: CoreAccess) -> Statement:
    """The right to put facts into the audit record, and to nothing else there: a statement of its own."""
    return table_access(core, RECORD)


def book_usage(core: CoreAccess) -> Statement:
    """The right to put usage records, and to read none: a statement of its own."""
    return table_access(core, BOOK)


def rate_answers(core: CoreAccess) -> Statement:
    """The right to write ratings into usage records: a statement of its own."""
    return table_access(core, RATE)


def find_open_streams(core: CoreAccess) -> Statement:
    """The right to ask the index for the streams that run."""
    return _query(core, OPEN_INDEX)


def list_chats(core: CoreAccess) -> Statement:
    """The right to ask the index for the chats of a user, and for the invitations to others."""
    return _query(core, LISTED_INDEX)


def _query(core: CoreAccess, index: str) -> Statement:
    return {
        "actions": ["dynamodb:Query"],
        "resources": [pulumi.Output.concat(core["table_arn"], f"/index/{index}")],
    }
