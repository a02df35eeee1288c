"""What each use of the streams table needs of IAM: exactly the calls that `shared/` makes for it.

A transaction needs the action of each of its writes, and none of its own:
https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/transaction-apis-iam.html
"""

from collections.abc import Iterable
from typing import Final

import pulumi

from shared.contract.table import LISTED_INDEX, OPEN_INDEX
from stacks.arguments import CoreAccess
from stacks.iam import Statement


def _actions(*names: str) -> frozenset[str]:
    return frozenset(f"dynamodb:{name}" for name in names)


ADMIT: Final = _actions("BatchGetItem", "PutItem", "Query", "UpdateItem")
"""Admit a stream, or find the one that runs (`shared/streams/admission.py`)."""
DISPATCH: Final = _actions("DeleteItem", "UpdateItem")
"""Take a stream back whose worker could not be started (`shared/streams/dispatch.py`)."""
LOOK_UP: Final = _actions("BatchGetItem", "GetItem")
"""Find a stream, or a user's latest of a chat (`shared/streams/repository.py`)."""
CANCEL: Final = _actions("PutItem", "UpdateItem")
"""Cancel a stream, also one that has not begun (`shared/streams/repository.py`)."""
RUN: Final = _actions("DeleteItem", "GetItem", "PutItem", "Query", "UpdateItem")
"""Claim a stream, keep it alive, find out what a dropped reader meant, write its journal, end it
(`shared/generation/run.py`)."""
FOLLOW: Final = _actions("GetItem", "Query")
"""Read a journal to the end of its stream (`shared/streams/tail.py`)."""
REAP: Final = _actions("BatchGetItem", "DeleteItem", "GetItem", "PutItem", "Query", "UpdateItem")
"""End the streams of dead workers (`shared/streams/reaper.py`); they are found by `find_open_streams`."""
CHATS: Final = _actions("BatchGetItem", "BatchWriteItem", "DeleteItem", "GetItem", "PutItem", "Query", "UpdateItem")
"""Read, change and delete chats (`shared/chats/store.py`), invite to them and leave them (`shared/chats/members.py`);
they are listed by `list_chats`."""
GIVE_TICKET: Final = _actions("PutItem")
TAKE_TICKET: Final = _actions("UpdateItem")
"""Whoever takes a ticket marks it, and reads it in the same call (`handlers/websocket/authorizer.py`)."""
CONNECTIONS: Final = _actions("DeleteItem", "GetItem", "UpdateItem")
"""Keep the session and the readers of a WebSocket connection (`handlers/websocket/`)."""


def table_access(core: CoreAccess, *uses: Iterable[str]) -> Statement:
    """The right to all of `uses` of the streams table."""
    return {"actions": sorted({action for use in uses for action in use}), "resources": [core["table_arn"]]}


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
