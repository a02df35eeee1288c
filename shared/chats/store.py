"""Chats as JSON objects, for every transport: list, read, rename, delete.

A chat is seen by its owner and its members; for anyone else it is not there. Only the owner may change it. Who is in it
is a matter of `shared.chats.members`.
"""

import time
from dataclasses import replace
from typing import Any, Self

from shared.chats import lists
from shared.chats.access import anew, as_read, owned, seen
from shared.chats.audit import Act, fact
from shared.chats.chat import iso_time
from shared.chats.history import index_of
from shared.chats.title import chosen_title
from shared.errors import InvalidRequest
from shared.table.cancel_mark import cancel_running
from shared.table.client import Item, TableClient
from shared.table.keys import MESSAGES_PREFIX, chat_key, invitation_key, membership_key
from shared.table.writes import delete, put, update

DELETED_KEPT_SECONDS = 24 * 3600
"""How long at least the id of a deleted chat is not free: whoever still deletes that chat has ended long before."""


class ChatStore:
    """The chats of the table."""

    def __init__(self, table: TableClient) -> None:
        self.table = table

    @classmethod
    def from_environment(cls) -> Self:
        """The table named by `STREAMS_TABLE`."""
        return cls(TableClient.from_environment())

    def list(self, user: str, after: object = None) -> dict[str, Any]:
        """`{"chats": [{"id", "title", "role", "updatedAt"}], "next"?}`: what the user owns or is a member of.

        Newest first by what this user did in them, 50 at a time; `after` is the `next` of the page before. Times are
        ISO 8601 in UTC. Raises InvalidRequest.
        """
        memberships, further = lists.page(self.table, user, "chat", after)
        chats = [
            {
                "id": item["chatId"],
                "title": item["title"],
                "role": item["role"],
                "updatedAt": iso_time(item["updatedAt"]),
            }
            for item in memberships
        ]
        return {"chats": chats, "next": further} if further else {"chats": chats}

    def read(self, user: str, chat_id: str) -> dict[str, Any]:
        """The chat with its whole history. Raises NotFound.

        What `Chat.header` says, and `"messages"`; a message is an AI SDK UIMessage `{"id", "role", "parts",
        "metadata"?}`. An answer of which nothing was booked yet is left out. The metadata of an answer that this user
        may rate have its `rating`: None, "up" or "down".
        """
        # The whole chat is read only for who may see it: how long that takes would tell others how long the chat is.
        seen(user, chat_id, self.table.get(chat_key(chat_id)))
        pages = self.table.pages(KeyConditionExpression="#pk = :pk", **{":pk": chat_key(chat_id)["pk"]})
        first = next(pages)
        # The key `chat` is the first of its partition, and is as old as what follows it.
        chat = seen(user, chat_id, first[0] if first and first[0]["sk"] == chat_key(chat_id)["sk"] else None)
        items = [*first[1:], *(item for page in pages for item in page)]
        messages = [_message(user, item) for item in items if index_of(item) < chat.length and item["parts"]]
        return {**chat.header(user, time.time()), "messages": messages}

    def update(self, user: str, chat_id: str, *, title: object = None, members: object = None) -> dict[str, Any]:
        """Renames the chat, in all lists; returns what `Chat.header` says. Raises InvalidRequest, Forbidden, NotFound.

        `title`: 1 to 200 characters. `members` cannot be set: nobody is made a member without consent, and a list that
        is older than the chat would take out who has just come in.
        """

        def change() -> dict[str, Any]:
            chat = owned(user, chat_id, self.table.get(chat_key(chat_id)))
            if members is not None:
                raise InvalidRequest("`members` cannot be set. Invite a user, or remove one.")
            if title is None:
                raise InvalidRequest("There is nothing to change: give `title`.")
            now = time.time()
            renamed = replace(chat, title=chosen_title(title), updated_at=now)
            changed = {"title": renamed.title, "updatedAt": now, "version": chat.version + 1}
            entries = [membership_key(each, chat_id) for each in (chat.owner, *chat.members)]
            entries += [invitation_key(each, chat_id) for each in chat.invited(now)]
            told = [update(key, {"title": renamed.title}) for key in entries]
            self.table.transact([update(chat_key(chat_id), changed, as_read(chat)), *told])
            return renamed.header(user, now)

        return anew(change)

    def delete(self, user: str, chat_id: str) -> None:
        """Removes the chat, what was said in it and its place in all lists. Raises Forbidden, NotFound.

        Streams that still run in it are cancelled. From the first write on nobody sees the chat. A deletion that was
        cut off is finished by another; two may run at once, so the chat's item stays for a while when all else is gone:
        a new chat of this id would lose its messages to the slower one.
        """

        def forget() -> Item:
            item = self.table.get(chat_key(chat_id))
            if item is None or not _half_deleted(item, user):
                chat = owned(user, chat_id, item)
                gone = {"deleted": True, "version": chat.version + 1}
                entries = [membership_key(each, chat_id) for each in (chat.owner, *chat.members)]
                entries += [invitation_key(each, chat_id) for each in chat.invitations]
                told = fact(Act.DELETED, user, chat_id, time.time())
                self.table.transact([update(chat_key(chat_id), gone, as_read(chat)), *map(delete, entries), *told])
                return {"members": chat.members}
            return item

        for each in (user, *anew(forget)["members"]):
            cancel_running(self.table, each, chat_id)
        for page in self.table.pages_of(chat_key(chat_id), MESSAGES_PREFIX, ProjectionExpression="#pk, #sk"):
            self.table.delete_all([{"pk": item["pk"], "sk": item["sk"]} for item in page])
        expires_at = int(time.time()) + DELETED_KEPT_SECONDS
        self.table.write(put({**chat_key(chat_id), "deleted": True, "expiresAt": expires_at}))


def _half_deleted(item: Item, user: str) -> bool:
    """Whether the user has deleted the chat of this item, and more than that may be left of it."""
    return "deleted" in item and "expiresAt" not in item and item["owner"] == user


def _message(user: str, item: Item) -> dict[str, Any]:
    message = {"id": item["id"], "role": item["role"], "parts": item["parts"]}
    if "metadata" not in item:
        return message
    mine = item.get("usageOf", {}).get("user") == user
    rating = {"rating": item.get("rating")} if mine else {}
    return {**message, "metadata": {**item["metadata"], **rating}}
