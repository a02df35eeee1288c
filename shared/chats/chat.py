"""A chat: who may see it, who was invited to it, and how much of its history counts."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal, Self

from shared.errors import NotFound

ChatRole = Literal["owner", "member"]


@dataclass(frozen=True)
class Chat:
    """A chat, for whoever may see it. Times are epoch seconds."""

    id: str
    owner: str
    members: tuple[str, ...]
    invitations: Mapping[str, int]
    """Who was invited, and until when: those whose time is over were not."""
    title: str
    created_at: float
    updated_at: float
    length: int
    """How many messages count; those of higher index were cut off."""
    version: int
    """Grows with each write of the chat's item."""
    latest_token: str | None
    """The fencing token of the stream that was started last: the last message that counts bears it."""

    @classmethod
    def seen_by(cls, user: str, chat_id: str, item: Mapping[str, Any] | None) -> Self | None:
        """Reads the chat's item; None when there is no such chat. Raises NotFound for another's, or a deleted one.

        An invitation lets nobody see a chat.
        """
        if item is None:
            return None
        if item.get("deleted") or (user != item["owner"] and user not in item["members"]):
            raise not_found(chat_id)
        return cls._of(chat_id, item)

    @classmethod
    def awaiting(cls, user: str, chat_id: str, item: Mapping[str, Any] | None, now: float) -> Self:
        """Reads the chat's item for whom it has invited. Raises NotFound when no invitation stands."""
        if item is None or item.get("deleted") or item.get("invitations", {}).get(user, 0) <= now:
            raise NotFound(f"You have no invitation to a chat {chat_id!r:.70}.")
        return cls._of(chat_id, item)

    @classmethod
    def _of(cls, chat_id: str, item: Mapping[str, Any]) -> Self:
        return cls(
            id=chat_id,
            owner=item["owner"],
            members=tuple(item["members"]),
            invitations=item.get("invitations", {}),
            title=item["title"],
            created_at=item["createdAt"],
            updated_at=item["updatedAt"],
            length=item["length"],
            version=item["version"],
            latest_token=item.get("latestToken"),
        )

    def role_of(self, user: str) -> ChatRole:
        """What a user who sees the chat is in it."""
        return "owner" if user == self.owner else "member"

    def invited(self, now: float) -> dict[str, int]:
        """Who may still accept, and until when."""
        return {user: until for user, until in self.invitations.items() if until > now}

    def header(self, user: str, now: float) -> dict[str, Any]:
        """`{"id", "title", "owner", "members", "createdAt", "updatedAt"}`, and `"invited"` for the owner alone."""
        header = {
            "id": self.id,
            "title": self.title,
            "owner": self.owner,
            "members": [*self.members],
            "createdAt": iso_time(self.created_at),
            "updatedAt": iso_time(self.updated_at),
        }
        return {**header, "invited": [*self.invited(now)]} if user == self.owner else header


def not_found(chat_id: str) -> NotFound:
    """The refusal of a chat: the same whether it is not there or another's."""
    return NotFound(f"You have no chat {chat_id!r:.70}.")


def milliseconds(epoch_seconds: float) -> int:
    """A time as lists are sorted by it. `iso_time` tells the same one, so that a list is in the order that it tells."""
    return int(epoch_seconds * 1000)


def iso_time(epoch_seconds: float) -> str:
    """A time as JSON objects have it: ISO 8601, in UTC, to the millisecond."""
    moment = datetime.fromtimestamp(milliseconds(epoch_seconds) / 1000, UTC)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
