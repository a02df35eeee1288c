"""What each act on a chat begins with: the right to it, as the chat is read; whoever loses a race reads again."""

from collections.abc import Callable
from typing import TypeVar

from shared.chats.chat import Chat, not_found
from shared.errors import Forbidden
from shared.table.client import ConditionFailed, Contended, Item
from shared.table.patience import Patience
from shared.table.writes import Where, where

T = TypeVar("T")


def seen(user: str, chat_id: str, item: Item | None) -> Chat:
    """The chat of this item, for its owner and its members. Raises NotFound."""
    chat = Chat.seen_by(user, chat_id, item)
    if chat is None:
        raise not_found(chat_id)
    return chat


def owned(user: str, chat_id: str, item: Item | None) -> Chat:
    """The chat of this item, for its owner. Raises NotFound, and Forbidden for a member."""
    chat = seen(user, chat_id, item)
    if chat.owner != user:
        raise Forbidden("Only the owner of a chat may change or delete it, invite to it and remove others.")
    return chat


def as_read(chat: Chat) -> Where:
    """Nobody has written the chat's item since."""
    return where("#version = :version", version=chat.version)


def anew(act: Callable[[], T]) -> T:
    """Acts on what is read, again when it was changed meanwhile. Raises Busy when that happens all the time."""
    patience = Patience.for_a_race()
    while True:
        try:
            return act()
        except (ConditionFailed, Contended) as refusal:
            patience.wait(refusal)
