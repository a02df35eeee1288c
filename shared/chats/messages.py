"""Reads a chat's messages, newest first, a page at a time."""

from collections.abc import Iterator
from itertools import chain

from shared.chats.history import MAX_PROMPT_MESSAGES
from shared.table.client import Item, TableClient
from shared.table.keys import MESSAGES_PREFIX, message_key

PAGE_MESSAGES = MAX_PROMPT_MESSAGES + 2
"""What a prompt takes at most, and the turn that a new answer to the last question replaces."""


def newest_first(table: TableClient, chat_id: str, length: int) -> Iterator[Item]:
    """The messages that count, from the last to the first. Those of higher index, which were cut off, are not read."""
    last = message_key(chat_id, length - 1)
    pages = table.pages(
        KeyConditionExpression="#pk = :pk AND #sk BETWEEN :first AND :last",
        ScanIndexForward=False,
        Limit=PAGE_MESSAGES,
        **{":pk": last["pk"], ":first": MESSAGES_PREFIX, ":last": last["sk"]},
    )
    return chain.from_iterable(pages)
