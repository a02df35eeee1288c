"""What a user thinks of an answer: a thumb up or down, kept with the answer and with its usage record.

The user who has asked for an answer rates it, and nobody else does: the usage record is of that user's stream. An
answer that was continued is rated as one: its rating goes to the stream that wrote it last. It has none when that
stream ends.
"""

from collections.abc import Mapping
from typing import Final, Self

from shared.chats.access import anew, seen
from shared.chats.chat import Chat
from shared.contract.usage import Rating
from shared.errors import Forbidden, InvalidRequest, NotFound
from shared.protocol.request import message_identifier
from shared.streams.usage_item import referenced
from shared.table.client import ConditionFailed, Item, TableClient
from shared.table.keys import MESSAGES_PREFIX, Key, chat_key, message_key
from shared.table.writes import Where, Write, update, where

PAGE_MESSAGES: Final = 20
"""The answer that is rated is mostly one of the last; of one further up the page after that is read."""
NEEDED: Final = "#pk, #sk, #id, #role, #state, #usageOf, #rating"
"""What is read of a message: all but what was said."""


class Ratings:
    """The ratings of the answers in the table."""

    def __init__(self, table: TableClient) -> None:
        self._table = table

    @classmethod
    def from_environment(cls) -> Self:
        """The table named by `STREAMS_TABLE`."""
        return cls(TableClient.from_environment())

    def rate(self, user: str, chat_id: str, message_id: object, fields: Mapping[str, object]) -> dict[str, object]:
        """Rates an answer as `fields["rating"]` says: `up`, `down`, or None to take a rating back; the last one counts.

        Returns `{"messageId", "rating"}`. Raises InvalidRequest, also for an answer that is still being written;
        NotFound; and Forbidden for an answer that another user has asked for.
        """
        named, rating = message_identifier(message_id, "The message's id"), _rating(fields)

        def act() -> dict[str, object]:
            chat = seen(user, chat_id, self._table.get(chat_key(chat_id)))
            answer = self._answer(user, chat, named)
            if answer.get("rating") != rating:
                self._write(answer, rating)
            return {"messageId": named, "rating": rating}

        return anew(act)

    def _answer(self, user: str, chat: Chat, message_id: str) -> Item:
        """The item of an answer that this user may rate now."""
        item = self._found(chat, message_id)
        if item is None:
            raise NotFound(f"There is no message {message_id!r} in this chat.")
        if item["role"] != "assistant":
            raise InvalidRequest("Only answers are rated, and this message is a user's.")
        if item["state"] == "streaming":
            raise InvalidRequest("This answer is still being written. Rate it when it has ended.")
        if "usageOf" not in item:
            raise InvalidRequest("Nothing is known of what this answer has used, so it cannot be rated.")
        if item["usageOf"]["user"] != user:
            raise Forbidden("Only the user who has asked for an answer rates it.")
        return item

    def _found(self, chat: Chat, message_id: str) -> Item | None:
        last = message_key(chat.id, chat.length - 1)
        pages = self._table.pages(
            KeyConditionExpression="#pk = :pk AND #sk BETWEEN :first AND :last",
            ProjectionExpression=NEEDED,
            ScanIndexForward=False,
            Limit=PAGE_MESSAGES,
            **{":pk": last["pk"], ":first": MESSAGES_PREFIX, ":last": last["sk"]},
        )
        return next((item for page in pages for item in page if item["id"] == message_id), None)

    def _write(self, answer: Item, rating: Rating | None) -> None:
        """Both items, or none. A usage record that has expired is not brought back."""
        as_read = where(
            "#usageOf.#token = :token AND #state <> :streaming",
            token=answer["usageOf"]["token"],
            streaming="streaming",
        )
        message = _rated({"pk": answer["pk"], "sk": answer["sk"]}, rating, as_read)
        record = _rated(referenced(answer["usageOf"]), rating, where("attribute_exists(#pk)"))
        try:
            self._table.transact([message, record])
        except ConditionFailed as refusal:
            if set(refusal.items) != {1}:
                raise
            self._table.write(message)


def _rating(fields: Mapping[str, object]) -> Rating | None:
    given = fields.get("rating", "")
    if given is None:
        return None
    if given not in list(Rating):
        raise InvalidRequest('`rating` must be "up", "down" or null.')
    return Rating(str(given))


def _rated(key: Key, rating: Rating | None, condition: Where) -> Write:
    if rating is None:
        return update(key, {}, condition, remove=["rating"])
    return update(key, {"rating": rating}, condition)
