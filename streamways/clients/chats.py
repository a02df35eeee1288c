"""Chats as a stack tells of them, the same on each transport."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Generic, Self, TypeVar, cast

from streamways.clients.errors import Malformed

Entry = TypeVar("Entry")


@dataclass(frozen=True)
class ChatSummary:
    """A line of a user's list of chats."""

    id: str
    title: str
    role: str
    """`owner` or `member`."""
    updated_at: str
    """UTC, ISO 8601."""

    @classmethod
    def from_json(cls, value: object) -> Self:
        """Raises Malformed."""
        fields = _object(value)
        return cls(*(_text(fields, name) for name in ("id", "title", "role", "updatedAt")))


@dataclass(frozen=True)
class Invitation:
    """A line of a user's list of invitations."""

    chat_id: str
    title: str
    sender: str
    """`sub` of the chat's owner."""
    at: str
    """UTC, ISO 8601."""

    @classmethod
    def from_json(cls, value: object) -> Self:
        """Raises Malformed."""
        fields = _object(value)
        return cls(*(_text(fields, name) for name in ("chatId", "title", "from", "at")))


@dataclass(frozen=True)
class Page(Generic[Entry]):
    """A page of a list, newest first."""

    entries: tuple[Entry, ...]
    next: str | None
    """What to ask the next page with; None on the last."""


@dataclass(frozen=True)
class Chat:
    """A chat with its messages."""

    id: str
    title: str
    owner: str
    """`sub` of the user who owns it."""
    members: tuple[str, ...]
    """`sub`s of the others who may use it."""
    invited: tuple[str, ...]
    """`sub`s of who may still accept; the owner alone is told."""
    messages: tuple[Mapping[str, object], ...]
    """UI messages of the AI SDK, the oldest first: `{"id", "role", "parts", "metadata"?}`."""

    @classmethod
    def from_json(cls, value: object) -> Self:
        """Raises Malformed."""
        fields = _object(value)
        return cls(
            _text(fields, "id"),
            _text(fields, "title"),
            _text(fields, "owner"),
            tuple(str(member) for member in _list(fields, "members")),
            tuple(str(user) for user in _list(fields, "invited")) if fields.get("invited") is not None else (),
            tuple(_object(message) for message in _list(fields, "messages")),
        )


def text_of(message: Mapping[str, object]) -> str:
    """The text of a UI message, all its text parts in a row."""
    parts = [_object(part) for part in _list(message, "parts")]
    return "".join(str(part.get("text", "")) for part in parts if part.get("type") == "text")


def page_of_chats(value: Mapping[str, object]) -> Page[ChatSummary]:
    """`{"chats", "next"?}`. Raises Malformed."""
    return Page(tuple(ChatSummary.from_json(chat) for chat in _list(value, "chats")), _next(value))


def page_of_invitations(value: Mapping[str, object]) -> Page[Invitation]:
    """`{"invitations", "next"?}`. Raises Malformed."""
    return Page(tuple(Invitation.from_json(each) for each in _list(value, "invitations")), _next(value))


def _next(value: Mapping[str, object]) -> str | None:
    return None if value.get("next") is None else _text(value, "next")


def _text(fields: Mapping[str, object], name: str) -> str:
    value = fields.get(name)
    if not isinstance(value, str):
        raise Malformed(f"a chat has {name} {value!r}, where a text was due")
    return value


def _list(fields: Mapping[str, object], name: str) -> Sequence[object]:
    value = fields.get(name)
    if not isinstance(value, list):
        raise Malformed(f"a list was due as {name}, and {value!r} came")
    return cast("list[object]", value)


def _object(value: object) -> dict[str, object]:
    if not isinstance(value, dict):
        raise Malformed(f"an object was due, and {value!r} came")
    return cast("dict[str, object]", value)
