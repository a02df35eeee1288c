"""Chats as JSON objects, for every transport: list, read, rename, share, delete.

A chat is seen by its owner and its members; for anyone else it is not there. Only the owner may change it.
"""

import re
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any, Self, TypeVar, cast

from shared.chats.chat import Chat, iso_time, not_found
from shared.chats.history import index_of
from shared.chats.title import chosen_title
from shared.errors import Forbidden, InvalidRequest
from shared.patience import Patience
from shared.stream.registry import StreamRegistry
from shared.table import MEMBERSHIPS_PREFIX, MESSAGES_PREFIX, chat_key, membership_key
from shared.table_client import ConditionFailed, Contended, Item, TableClient
from shared.writes import Where, Write, delete, put, update, where

MAX_LISTED = 200
MAX_MEMBERS = 50
MAX_MEMBERS_AT_ONCE = 98
"""Members before and after a change together: all their lists are written in one transaction with the chat.
https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_TransactWriteItems.html"""
_SUB = re.compile(r"[A-Za-z0-9_-]{1,128}")

T = TypeVar("T")


class ChatStore:
    """The chats of the table."""

    def __init__(self, table: TableClient) -> None:
        self.table = table
        self._registry = StreamRegistry(table)

    @classmethod
    def from_environment(cls) -> Self:
        """The table named by `STREAMS_TABLE`."""
        return cls(TableClient.from_environment())

    def list(self, user: str) -> list[dict[str, Any]]:
        """`[{"id", "title", "role", "updatedAt"}]`: what the user owns or is a member of.

        Newest first by what this user did in them, at most 200; times are ISO 8601 in UTC.
        """
        pages = self.table.pages_of(membership_key(user, ""), MEMBERSHIPS_PREFIX)
        memberships = [item for page in pages for item in page]
        memberships.sort(key=lambda item: item["updatedAt"], reverse=True)
        return [
            {
                "id": item["chatId"],
                "title": item["title"],
                "role": item["role"],
                "updatedAt": iso_time(item["updatedAt"]),
            }
            for item in memberships[:MAX_LISTED]
        ]

    def read(self, user: str, chat_id: str) -> dict[str, Any]:
        """The chat with its whole history. Raises NotFound.

        `{"id", "title", "owner", "members", "createdAt", "updatedAt", "messages"}`; a message is an AI SDK UIMessage
        `{"id", "role", "parts", "metadata"?}`. An answer of which nothing was booked yet is left out.
        """
        # The whole chat is read only for who may see it: how long that takes would tell others how long the chat is.
        self._seen(user, chat_id, self.table.get(chat_key(chat_id)))
        pages = self.table.pages(KeyConditionExpression="#pk = :pk", **{":pk": chat_key(chat_id)["pk"]})
        first = next(pages)
        # The key `chat` is the first of its partition, and is as old as what follows it.
        chat = self._seen(user, chat_id, first[0] if first and first[0]["sk"] == chat_key(chat_id)["sk"] else None)
        items = [*first[1:], *(item for page in pages for item in page)]
        messages = [_message(item) for item in items if index_of(item) < chat.length and item["parts"]]
        return {**_header(chat), "messages": messages}

    def update(self, user: str, chat_id: str, *, title: object = None, members: object = None) -> dict[str, Any]:
        """Changes what is given, and returns the chat without its messages. Raises InvalidRequest, Forbidden, NotFound.

        `title`: 1 to 200 characters. `members`: all of them, as a list of at most 50 users' `sub`s without the
        owner's. A stream of somebody who is no member any more is cancelled.
        """

        def change() -> dict[str, Any]:
            chat = self._owned(user, chat_id)
            if title is None and members is None:
                raise InvalidRequest("There is nothing to change: give `title`, `members` or both.")
            new_title = chat.title if title is None else chosen_title(title)
            new_members = chat.members if members is None else _members(members, chat.owner)
            now = time.time()
            self.table.transact(_changes(chat, new_title, new_members, now))
            for former in set(chat.members) - set(new_members):
                self._registry.cancel_chat(former, chat_id)
            return _header(chat) | {"title": new_title, "members": [*new_members], "updatedAt": iso_time(now)}

        return _anew(change)

    def delete(self, user: str, chat_id: str) -> None:
        """Removes the chat, what was said in it and its place in all lists. Raises Forbidden, NotFound.

        Streams that still run in it are cancelled. From the first write on nobody sees the chat; its id is free when
        all is gone. A deletion that was cut off is finished by another.
        """

        def forget() -> Item:
            item = self.table.get(chat_key(chat_id))
            if item is None or not (item.get("deleted") and item["owner"] == user):
                chat = self._owned(user, chat_id)
                gone = {"deleted": True, "version": chat.version + 1}
                lists = [delete(membership_key(each, chat_id)) for each in (chat.owner, *chat.members)]
                self.table.transact([update(chat_key(chat_id), gone, _as_read(chat)), *lists])
                return {"members": chat.members}
            return item

        for each in (user, *_anew(forget)["members"]):
            self._registry.cancel_chat(each, chat_id)
        for page in self.table.pages_of(chat_key(chat_id), MESSAGES_PREFIX, ProjectionExpression="#pk, #sk"):
            self.table.delete_all([{"pk": item["pk"], "sk": item["sk"]} for item in page])
        with suppress(ConditionFailed):
            self.table.write(delete(chat_key(chat_id), where("#deleted = :yes", yes=True)))

    def _seen(self, user: str, chat_id: str, item: Item | None) -> Chat:
        chat = Chat.seen_by(user, chat_id, item)
        if chat is None:
            raise not_found(chat_id)
        return chat

    def _owned(self, user: str, chat_id: str) -> Chat:
        chat = self._seen(user, chat_id, self.table.get(chat_key(chat_id)))
        if chat.owner != user:
            raise Forbidden("Only the owner of a chat may change or delete it.")
        return chat


def _anew(act: Callable[[], T]) -> T:
    """Acts on what is read, again when it was changed meanwhile. Raises Busy."""
    patience = Patience.for_a_race()
    while True:
        try:
            return act()
        except (ConditionFailed, Contended) as refusal:
            patience.wait(refusal)


def _changes(chat: Chat, title: str, members: tuple[str, ...], now: float) -> list[Write]:
    everyone = {*chat.members, *members}
    if len(everyone) > MAX_MEMBERS_AT_ONCE:
        raise InvalidRequest(
            f"This would change {len(everyone)} members; at most {MAX_MEMBERS_AT_ONCE} at once. Take two steps."
        )
    changed = {"title": title, "members": [*members], "updatedAt": now, "version": chat.version + 1}
    writes = [update(chat_key(chat.id), changed, _as_read(chat))]
    writes.append(update(membership_key(chat.owner, chat.id), {"title": title}))
    for user in sorted(everyone):
        key = membership_key(user, chat.id)
        if user not in members:
            writes.append(delete(key))
        elif user in chat.members:
            writes.append(update(key, {"title": title}))
        else:
            writes.append(put({**key, "chatId": chat.id, "title": title, "role": "member", "updatedAt": now}))
    return writes


def _as_read(chat: Chat) -> Where:
    return where("#version = :version", version=chat.version)


def _members(value: object, owner: str) -> tuple[str, ...]:
    given = cast("list[object]", value) if isinstance(value, list) else [None]
    subs = [sub for sub in given if isinstance(sub, str) and _SUB.fullmatch(sub)]
    if len(subs) != len(given) or len(set(subs)) != len(subs) or len(subs) > MAX_MEMBERS:
        raise InvalidRequest(f"`members` must be a list of at most {MAX_MEMBERS} different users, each by its `sub`.")
    if owner in subs:
        raise InvalidRequest("`members` must not name the chat's owner, who is in it anyway.")
    return tuple(subs)


def _header(chat: Chat) -> dict[str, Any]:
    return {
        "id": chat.id,
        "title": chat.title,
        "owner": chat.owner,
        "members": [*chat.members],
        "createdAt": iso_time(chat.created_at),
        "updatedAt": iso_time(chat.updated_at),
    }


def _message(item: Item) -> dict[str, Any]:
    message = {"id": item["id"], "role": item["role"], "parts": item["parts"]}
    return {**message, "metadata": item["metadata"]} if "metadata" in item else message
