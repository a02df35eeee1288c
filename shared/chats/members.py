"""Who is in a chat: invited by its owner, a member by their own consent, out of it when they like.

An invitation is an item of the invitee, apart from their chats, and gives no access. The chat itself says whom it has
invited: that counts when one is accepted, and how many a chat may have. Each act is one transaction on the chat as it
was read, with its fact for the audit record (`shared.chats.audit`).
"""

import math
import time
from dataclasses import replace
from typing import Any, Self

from shared.auth.user import is_sub
from shared.chats import lists
from shared.chats.access import anew, as_read, owned, seen
from shared.chats.audit import Act, fact
from shared.chats.chat import Chat, iso_time
from shared.contract.limits import INVITATIONS_AN_HOUR
from shared.errors import Forbidden, InvalidRequest, NotFound, RateLimited
from shared.table.cancel_mark import cancel_running
from shared.table.client import Item, TableClient
from shared.table.keys import Key, chat_key, invitation_key, invitations_key, membership_key, quiet_key
from shared.table.writes import Write, delete, put, update, where

MAX_MEMBERS = 50
"""Of a chat, besides its owner: members, and who may still become one. All their lists are written in one transaction.
https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_TransactWriteItems.html"""
INVITATION_SECONDS = 30 * 24 * 3600
"""How long an invitation stands; and how long a chat does not ask again who has declined or left."""
HOUR = 3600


class Members:
    """The members of the chats of the table."""

    def __init__(self, table: TableClient) -> None:
        self.table = table

    @classmethod
    def from_environment(cls) -> Self:
        """The table named by `STREAMS_TABLE`."""
        return cls(TableClient.from_environment())

    def invitations(self, user: str, after: object = None) -> dict[str, Any]:
        """`{"invitations": [{"chatId", "title", "from", "at"}], "next"?}`: what the user may accept or decline.

        Newest first, 50 at a time; `after` is the `next` of the page before. `from` is the `sub` of the chat's owner.
        Raises InvalidRequest.
        """
        since = time.time() - INVITATION_SECONDS
        items, further = lists.page(self.table, user, "invitation", after, since=since)
        invitations = [
            {"chatId": item["chatId"], "title": item["title"], "from": item["from"], "at": iso_time(item["invitedAt"])}
            for item in items
        ]
        return {"invitations": invitations, "next": further} if further else {"invitations": invitations}

    def invite(self, user: str, chat_id: str, sub: object) -> dict[str, Any]:
        """Invites a user to a chat of one's own; returns what `Chat.header` says.

        Who is a member, or was invited, already stays so, and nothing is written. Raises InvalidRequest, also for a
        chat that is full, NotFound, Forbidden, also for a user who has declined or left this chat, and RateLimited for
        an inviter who has sent too many.
        """
        invitee = _checked(sub)

        def act() -> dict[str, Any]:
            keys = [chat_key(chat_id), quiet_key(invitee, chat_id), invitations_key(user)]
            item, quiet, sent = self.table.get_many(keys)
            chat, now = owned(user, chat_id, item), time.time()
            if invitee == chat.owner:
                raise InvalidRequest("`sub` is the owner of this chat, who needs no invitation.")
            invited = chat.invited(now)
            if invitee in chat.members or invitee in invited:
                return chat.header(user, now)
            if len(chat.members) + len(invited) >= MAX_MEMBERS:
                raise InvalidRequest(f"A chat has at most {MAX_MEMBERS} members and invitations together.")
            if quiet is not None and quiet["owner"] == user and quiet["expiresAt"] > now:
                until = iso_time(quiet["expiresAt"])
                raise Forbidden(f"This user has declined or left this chat, and cannot be invited before {until}.")
            changed = replace(chat, invitations={**invited, invitee: int(now) + INVITATION_SECONDS})
            writes = [_write(chat, changed), _invitation(invitee, chat, now), _counted(user, sent, now)]
            self.table.transact([*writes, *fact(Act.INVITED, user, chat_id, now, subject=invitee)])
            return changed.header(user, now)

        return anew(act)

    def accept(self, user: str, chat_id: str) -> dict[str, Any]:
        """Makes a user a member who was invited; returns what `Chat.header` says. A member stays one.

        Raises NotFound when no invitation stands.
        """

        def act() -> dict[str, Any]:
            item, now = self.table.get(chat_key(chat_id)), time.time()
            if item is not None and not item.get("deleted") and user in item["members"]:
                return seen(user, chat_id, item).header(user, now)
            chat = Chat.awaiting(user, chat_id, item, now)
            changed = replace(_without(chat, user, now), members=(*chat.members, user), updated_at=now)
            membership = {
                **membership_key(user, chat_id),
                "chatId": chat_id,
                "title": chat.title,
                "role": "member",
                "updatedAt": now,
                "listed": lists.listed("chat", now, chat_id),
            }
            writes = [_write(chat, changed), delete(invitation_key(user, chat_id)), put(membership)]
            self.table.transact([*writes, *fact(Act.ACCEPTED, user, chat_id, now)])
            return changed.header(user, now)

        return anew(act)

    def decline(self, user: str, chat_id: str) -> None:
        """Removes the user's invitation. Raises NotFound when none stands."""

        def act() -> None:
            now = time.time()
            chat = Chat.awaiting(user, chat_id, self.table.get(chat_key(chat_id)), now)
            writes = [_write(chat, _without(chat, user, now)), delete(invitation_key(user, chat_id))]
            self.table.transact([*writes, _quiet(user, chat, now), *fact(Act.DECLINED, user, chat_id, now)])

        anew(act)

    def leave(self, user: str, chat_id: str) -> None:
        """Takes the user out of a chat of another, and cancels what the user runs there. Raises NotFound; and
        InvalidRequest for the owner, without whom there is no chat."""

        def act() -> None:
            chat, now = seen(user, chat_id, self.table.get(chat_key(chat_id))), time.time()
            if user == chat.owner:
                raise InvalidRequest("The owner of a chat cannot leave it. Delete it instead.")
            writes = [_write(chat, _without(chat, user, now)), delete(membership_key(user, chat_id))]
            self.table.transact([*writes, _quiet(user, chat, now), *fact(Act.LEFT, user, chat_id, now)])

        try:
            anew(act)
        except NotFound:  # this very request may have taken the user out before, and then failed to cancel
            cancel_running(self.table, user, chat_id)
            raise
        cancel_running(self.table, user, chat_id)

    def remove(self, user: str, chat_id: str, sub: object) -> dict[str, Any]:
        """Takes a member out of a chat of one's own, and cancels what they run there; or withdraws an invitation.

        Returns what `Chat.header` says. Raises InvalidRequest, Forbidden, and NotFound also for a `sub` that is
        neither member nor invited.
        """
        former = _checked(sub)

        def act() -> dict[str, Any] | None:
            chat, now = owned(user, chat_id, self.table.get(chat_key(chat_id))), time.time()
            if former not in chat.members and former not in chat.invited(now):
                return None
            changed = replace(_without(chat, former, now), updated_at=now)
            entries = [membership_key(former, chat_id), invitation_key(former, chat_id)]
            done = Act.REMOVED if former in chat.members else Act.WITHDRAWN
            told = fact(done, user, chat_id, now, subject=former)
            self.table.transact([_write(chat, changed), *map(delete, entries), *told])
            return changed.header(user, now)

        header = anew(act)
        if former != user:  # also if this very request has removed them before, and then failed to cancel
            cancel_running(self.table, former, chat_id)
        if header is None:
            raise NotFound(f"The user {former!r} is neither a member of this chat nor invited to it.")
        return header


def _checked(sub: object) -> str:
    if not is_sub(sub):
        raise InvalidRequest("`sub` must be the `sub` of a user.")
    return sub


def _without(chat: Chat, user: str, now: float) -> Chat:
    """The chat without this user, and without the invitations whose time is over."""
    invitations = {each: until for each, until in chat.invited(now).items() if each != user}
    return replace(chat, members=tuple(each for each in chat.members if each != user), invitations=invitations)


def _write(chat: Chat, changed: Chat) -> Write:
    """Writes who is in a chat, as long as nobody else has written it."""
    attributes = {
        "members": [*changed.members],
        "invitations": dict(changed.invitations),
        "updatedAt": changed.updated_at,
        "version": chat.version + 1,
    }
    return update(chat_key(chat.id), attributes, as_read(chat))


def _invitation(invitee: str, chat: Chat, now: float) -> Write:
    item = {
        **invitation_key(invitee, chat.id),
        "chatId": chat.id,
        "title": chat.title,
        "from": chat.owner,
        "invitedAt": now,
        "expiresAt": int(now) + INVITATION_SECONDS,
        "listed": lists.listed("invitation", now, chat.id),
    }
    return put(item)


def _quiet(user: str, chat: Chat, now: float) -> Write:
    """Nobody is asked again and again: the chat waits after a no. Another's chat may have its id one day."""
    return put({**quiet_key(user, chat.id), "owner": chat.owner, "expiresAt": int(now) + INVITATION_SECONDS})


def _counted(inviter: str, sent: Item | None, now: float) -> Write:
    """One more invitation of this hour, or the first of another. Raises RateLimited."""
    key: Key = invitations_key(inviter)
    if sent is None or sent["expiresAt"] <= now:
        over = where("attribute_not_exists(#pk) OR #expiresAt <= :now", now=now)
        return put({**key, "sent": 1, "expiresAt": math.ceil(now) + HOUR}, over)
    if sent["sent"] >= INVITATIONS_AN_HOUR:
        seconds = math.ceil(sent["expiresAt"] - now)
        message = f"At most {INVITATIONS_AN_HOUR} invitations are sent in an hour. Try again in {seconds} seconds."
        raise RateLimited(message, retry_after=seconds)
    unchanged = where("#sent = :as_read AND #expiresAt = :end", as_read=sent["sent"], end=sent["expiresAt"])
    return update(key, {"sent": sent["sent"] + 1}, unchanged)
