"""The request of a chat, read with distrust: `{"id", "messages", "trigger"?, "messageId"?}` as `useChat` sends it.

https://ai-sdk.dev/docs/ai-sdk-ui/transport

The history that a client sends can be forged. Only text of the roles `user` and `assistant` is taken from it; system
messages and files are refused, and whatever else an assistant's message holds (tool results, approvals, `data-*`,
reasoning) never reaches the model.
"""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, Self, cast

from shared.errors import InvalidRequest, TooLarge

MAX_REQUEST_BYTES = 512 * 1024
"""A request is at most half a megabyte, on every transport that lets so much through."""
MAX_MESSAGES = 200
MAX_TEXT_CHARACTERS = 200_000
"""All texts of a request together: about 50,000 tokens."""
_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")

Role = Literal["user", "assistant"]


@dataclass(frozen=True)
class Message:
    """What one side said, as the model gets it."""

    role: Role
    text: str


@dataclass(frozen=True)
class ChatRequest:
    """A request that may go to a model: roles alternate, the first and the last message are the user's."""

    chat_id: str
    messages: tuple[Message, ...]

    @classmethod
    def parse(cls, body: str | bytes) -> Self:
        """Reads a JSON text. Raises InvalidRequest or TooLarge, with what is wrong and where."""
        if len(body) > MAX_REQUEST_BYTES:
            raise TooLarge(f"The request has {len(body)} bytes; at most {MAX_REQUEST_BYTES} are accepted.")
        try:
            value: object = json.loads(body)
        except (ValueError, RecursionError) as error:
            raise InvalidRequest("The request is not JSON. Send an object with `id` and `messages`.") from error
        return cls.from_client(value)

    @classmethod
    def from_client(cls, value: object) -> Self:
        """Takes a parsed request. Raises InvalidRequest or TooLarge."""
        body = _object(value, "The request")
        chat_id = identifier(body.get("id"), "`id`")
        items = body.get("messages")
        if not isinstance(items, list) or not items:
            raise InvalidRequest("`messages` must be a list that ends with the user's new message.")
        messages = cast("list[object]", items)
        if len(messages) > MAX_MESSAGES:
            raise TooLarge(f"`messages` has {len(messages)} entries; at most {MAX_MESSAGES} are accepted.")
        return cls(chat_id, _conversation(messages))


def identifier(value: object, name: str) -> str:
    """An id that a client chose, of a chat or a stream: 1 to 64 of `A-Z a-z 0-9 _ -`. Raises InvalidRequest."""
    if not isinstance(value, str) or _ID.fullmatch(value) is None:
        raise InvalidRequest(f"{name} must be 1 to 64 characters of A-Z, a-z, 0-9, '_' and '-'.")
    return value


def _conversation(items: Sequence[object]) -> tuple[Message, ...]:
    said: list[Message] = []
    for index, item in enumerate(items):
        message = _message(item, f"`messages[{index}]`")
        if not message.text or (message.role == "assistant" and not said):
            continue
        if said and said[-1].role == message.role:
            said[-1] = Message(message.role, f"{said[-1].text}\n\n{message.text}")
        else:
            said.append(message)
    if not said or said[-1].role != "user":
        raise InvalidRequest("`messages` must end with a message of the user that has text.")
    length = sum(len(message.text) for message in said)
    if length > MAX_TEXT_CHARACTERS:
        raise TooLarge(f"The messages have {length} characters; at most {MAX_TEXT_CHARACTERS} are accepted.")
    return tuple(said)


def _message(value: object, where: str) -> Message:
    message = _object(value, where)
    role = message.get("role")
    if role not in ("user", "assistant"):
        given = f"the role {role!r:.40}" if isinstance(role, str) else "no role"
        raise InvalidRequest(f"{where} has {given}; allowed are 'user' and 'assistant'.")
    parts = message.get("parts")
    if not isinstance(parts, list):
        raise InvalidRequest(f"{where} has no list of `parts`.")
    texts: list[str] = []
    for number, item in enumerate(cast("list[object]", parts)):
        part = _object(item, f"{where}.parts[{number}]")
        kind = part.get("type")
        if kind == "text":
            text = part.get("text")
            if not isinstance(text, str):
                raise InvalidRequest(f"{where}.parts[{number}] has no `text`.")
            _refuse_lone_surrogates(text, f"{where}.parts[{number}]")
            texts.append(text)
        elif role == "user" and kind == "file":
            raise InvalidRequest(f"{where}.parts[{number}] is a file; only text is accepted.")
    return Message(role, "".join(texts).strip())


def _refuse_lone_surrogates(text: str, where: str) -> None:
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise InvalidRequest(f"{where} holds half a surrogate pair, which no text can.") from error


def _object(value: object, where: str) -> Mapping[str, object]:
    if not isinstance(value, dict):
        raise InvalidRequest(f"{where} must be a JSON object.")
    return cast("Mapping[str, object]", value)
