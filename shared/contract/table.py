"""The streams table, which the program makes and `shared` uses: its indexes, and how its partition keys begin."""

from enum import StrEnum
from typing import Final

OPEN_INDEX: Final = "open"
"""Sparse index of the streams that have not ended: `open` (their architecture) and `startedAt`.

It holds their leases; of one whose lease a newer stream of the chat has taken over, the record.
"""
LISTED_INDEX: Final = "listed"
"""Local index of users' lists, of chats and of invitations, in order: `pk` and `listed` (`shared/chats/lists.py`)."""


class Partition(StrEnum):
    """What a partition key begins with: IAM allows a function the items of some (`stacks/table_access.py`)."""

    STREAM = "stream#"
    USER = "user#"
    CHAT = "chat#"
    CONNECTION = "connection#"
    TICKET = "ticket#"
    AUDIT = "audit#"
    USAGE = "usage#"
