"""Reads a chat's messages, newest first, a page at a time."""

from collections.abc import Iterator

from shared.chats.history import MAX_PROMPT_MESSAGES, index_of
from shared.table import MESSAGES_PREFIX, message_key
from shared.table_client import Item, TableClient

PAGE_MESSAGES = MAX_PROMPT_MESSAGES + 2
"""What a prompt takes at most, and the turn that a new answer to the last question replaces."""
LAST_INDEX = 999_999
"""The largest that a key has digits for."""


def newest_page(table: TableClient, chat_id: str) -> list[Item]:
    """The messages of the highest indexes, cut off or not: it can be read while the chat's length is not known yet."""
    return next(_pages(table, chat_id, LAST_INDEX))


def newest_first(table: TableClient, chat_id: str, length: int, page: list[Item]) -> Iterator[Item]:
    """All messages that count, from the last to the first. `page` is what `newest_page` has read."""
    live = [item for item in page if index_of(item) < length]
    yield from live
    # With nothing in the page that counts, all of what was cut off would be read on the way down.
    next_index = (index_of(live[-1]) if live else length) - 1
    if page and next_index >= 0:
        for more in _pages(table, chat_id, next_index):
            yield from more


def _pages(table: TableClient, chat_id: str, highest: int) -> Iterator[list[Item]]:
    last = message_key(chat_id, highest)
    return table.pages(
        KeyConditionExpression="#pk = :pk AND #sk BETWEEN :first AND :last",
        ScanIndexForward=False,
        Limit=PAGE_MESSAGES,
        **{":pk": last["pk"], ":first": MESSAGES_PREFIX, ":last": last["sk"]},
    )
