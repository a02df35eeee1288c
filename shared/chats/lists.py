"""The lists of a user, newest first and in pages: of chats, and of invitations to others.

An entry is an item of the user's partition. Its attribute `listed` says in which list it stands, and since when: by it
a local index has the entries in order. So a page is one consistent query, that reads no more than it shows, and what
moved an entry a moment ago counts. An entry that moves while somebody turns the pages moves to the first page: none
comes twice.
"""

import re
from typing import Literal

from shared.chats.chat import milliseconds
from shared.contract.limits import PAGE_ENTRIES
from shared.contract.table import LISTED_INDEX
from shared.errors import InvalidRequest
from shared.protocol.opaque import opened, sealed
from shared.table.client import Item, TableClient

List = Literal["chat", "invitation"]

_POSITION = re.compile(r"[0-9]{13}#[A-Za-z0-9_-]{1,64}")


def listed(name: List, at: float, chat_id: str) -> str:
    """The place of an entry in a list since that epoch second. The chat's id tells entries of one moment apart."""
    return f"{name}#{_moment(at)}#{chat_id}"


def page(
    table: TableClient, user: str, name: List, after: object, *, since: float = 0.0
) -> tuple[list[Item], str | None]:
    """The newest entries, or those after the cursor `after` that came with a page; and the cursor of the next page.

    Entries from before the epoch second `since` are left out. Raises InvalidRequest for what is no cursor.
    """
    first = f"{name}#{_moment(since)}"
    end = f"{name}#~" if after is None else f"{name}#{_position(after)}"
    if end < first:  # DynamoDB refuses such a range
        return [], None
    query = {
        "IndexName": LISTED_INDEX,
        "KeyConditionExpression": "#pk = :pk AND #listed BETWEEN :first AND :end",
        "ScanIndexForward": False,
        "Limit": PAGE_ENTRIES + 2,  # the last of the page before, and one that tells whether more follow
        ":pk": f"user#{user}",
        ":first": first,
        ":end": end,
    }
    items = [item for item in next(table.pages(**query)) if item["listed"] != end]
    shown = items[:PAGE_ENTRIES]
    return shown, sealed(shown[-1]["listed"].partition("#")[2]) if len(items) > len(shown) else None


def _moment(at: float) -> str:
    """Milliseconds, as a text that sorts like them."""
    return f"{milliseconds(at):013d}"


def _position(cursor: object) -> str:
    """Where a page ended: a place in the user's own list, whoever has written it."""
    position = opened(cursor) if isinstance(cursor, str) else ""
    if _POSITION.fullmatch(position) is None:
        raise InvalidRequest("`after` must be the `next` of a page of this list, or be left out for the first page.")
    return position
