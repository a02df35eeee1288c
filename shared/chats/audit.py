"""The audit record: who did what to a chat, and when. It outlives the chat.

A fact is in the transaction that makes it true, so neither is there without the other. It is written once for each
chat and user that it is about, and never changed: no function may update, delete or read what begins with `audit#`
(`stacks/table_access.py`). It holds ids and times, and nothing of what was said.
"""

import secrets
from collections.abc import Iterator
from enum import StrEnum

from shared.chats.chat import iso_time
from shared.table.keys import Key, audit_key
from shared.table.writes import NEW, Write, put

AUDIT_KEPT_SECONDS = 400 * 24 * 3600
"""A review once a year sees the whole year, and has a month for it. Ids of people are not kept for ever."""


class Act(StrEnum):
    """What was done."""

    INVITED = "invited"
    WITHDRAWN = "withdrawn"
    """The owner has taken an invitation back."""
    ACCEPTED = "accepted"
    DECLINED = "declined"
    LEFT = "left"
    REMOVED = "removed"
    DELETED = "deleted"
    """The chat is gone for all who were in it."""


def fact(act: Act, actor: str, chat_id: str, at: float, *, subject: str | None = None) -> Iterator[Write]:
    """The writes of one fact: at that epoch second `actor` has done this to a chat, and to `subject`, another user."""
    moment, name = iso_time(at), secrets.token_hex(8)
    keys: list[Key] = [audit_key("chat", chat_id, moment, name)]
    keys += [audit_key("user", user, moment, name) for user in (actor, subject) if user is not None]
    told = {"act": act.value, "actor": actor, "chatId": chat_id, "at": moment, "subject": subject}
    for key in keys:
        yield put({**key, **told, "expiresAt": int(at) + AUDIT_KEPT_SECONDS}, NEW)
