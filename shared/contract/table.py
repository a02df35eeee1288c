"""The indexes of the streams table, which the program makes and `shared` reads."""

from typing import Final

OPEN_INDEX: Final = "open"
"""Sparse index of the streams that have not ended: `open` (their architecture) and `startedAt`.

It holds their leases; of one whose lease a newer stream of the chat has taken over, the record.
"""
LISTED_INDEX: Final = "listed"
"""Local index of users' lists, of chats and of invitations, in order: `pk` and `listed` (`shared/chats/lists.py`)."""
