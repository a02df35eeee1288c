"""The request of a chat, read with distrust: `{"id", "messages", "trigger"?, "messageId"?}` as `useChat` sends it.

https://ai-sdk.dev/docs/ai-sdk-ui/transport

The history is the server's: of the copy that a client sends only the last message is taken, and of that only its text.
What it says of an assistant (tool results, approvals, `data-*`, reasoning, text) is never heard; roles other than
`user` and `assistant` are refused wherever they stand, because whoever sends them expects to be heard.
"""

import hashlib
import json
import re
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, Self, cast

from shared.contract.limits import MAX_MESSAGE_BYTES
from shared.errors import InvalidRequest, TooLarge

MAX_MESSAGE_CHARACTERS = 200_000
"""One message: about 50,000 tokens."""
_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")
_MESSAGE_ID = re.compile(r"[A-Za-z0-9_-]{1,128}")

Role = Literal["user", "assistant"]
Trigger = Literal["submit-message", "regenerate-message"]


@dataclass(frozen=True)
class Message:
    """What one side said, as the model gets it."""

    role: Role
    text: str


@dataclass(frozen=True)
class NewMessage:
    """What the user says now. The id is made up when the client sent none."""

    id: str
    text: str


@dataclass(frozen=True)
class ChatRequest:
    """What is asked of a chat: a new or edited message, an answer anew, or an answer continued."""

    chat_id: str
    trigger: Trigger
    message_id: str | None
    """Submit: the user's message that is edited. Regenerate: the message to be answered anew; None is the last."""
    message: NewMessage | None
    """The client's last message, if it is the user's: what is submitted. In a regeneration it is what the client means
    by "the last", and None if it has no id; its text counts only if the server never got it."""
    continues: str | None
    """The assistant's message that is to be continued: useChat's `sendMessage()` without a message."""
    request_hash: str
    """SHA-256, in hexadecimal, of all that was asked: a retry has the same."""

    @classmethod
    def from_client(cls, value: object) -> Self:
        """Takes a parsed request. Raises InvalidRequest or TooLarge, with what is wrong and where."""
        body = _object(value, "The request")
        chat_id = identifier(body.get("id"), "`id`")
        items = body.get("messages")
        if not isinstance(items, list) or not items:
            raise InvalidRequest("`messages` must be a list that ends with the user's new message.")
        messages = [_object(item, f"`messages[{index}]`") for index, item in enumerate(cast("list[object]", items))]
        for index, message in enumerate(messages):
            _check_role(message, f"`messages[{index}]`")
        asked = {name: body.get(name) for name in ("id", "trigger", "messageId", "messages")}
        return cls._of(chat_id, _trigger(body), body.get("messageId"), messages, _hash_of(asked))

    @classmethod
    def _of(
        cls,
        chat_id: str,
        trigger: Trigger,
        message_id: object,
        messages: Sequence[Mapping[str, object]],
        request_hash: str,
    ) -> Self:
        target = None if message_id is None else message_identifier(message_id, "`messageId`")
        last, where = messages[-1], f"`messages[{len(messages) - 1}]`"
        given_id = last.get("id")
        last_id = message_identifier(given_id, f"{where}.id") if given_id not in (None, "") else None
        by_user = last["role"] == "user"
        if trigger == "regenerate-message":
            again = NewMessage(last_id, _text(last, where)) if by_user and last_id else None
            return cls(chat_id, trigger, target, again, None, request_hash)
        if by_user:
            new = NewMessage(last_id or new_message_id(), _text(last, where))
            return cls(chat_id, trigger, target, new, None, request_hash)
        if last_id is None:
            raise InvalidRequest(f"{where} is the assistant's and has no `id`: an answer is continued by its id.")
        return cls(chat_id, trigger, None, None, last_id, request_hash)


def identifier(value: object, name: str) -> str:
    """An id that a client chose, of a chat or a stream: 1 to 64 of `A-Z a-z 0-9 _ -`. Raises InvalidRequest."""
    if not isinstance(value, str) or _ID.fullmatch(value) is None:
        raise InvalidRequest(f"{name} must be 1 to 64 characters of A-Z, a-z, 0-9, '_' and '-'.")
    return value


def message_identifier(value: object, name: str) -> str:
    """The id of a message: 1 to 128 of the same characters. An answer's is made of its stream's. Raises
    InvalidRequest."""
    if not isinstance(value, str) or _MESSAGE_ID.fullmatch(value) is None:
        raise InvalidRequest(f"{name} must be 1 to 128 characters of A-Z, a-z, 0-9, '_' and '-'.")
    return value


def new_message_id() -> str:
    """An id for a message whose client chose none."""
    return secrets.token_urlsafe(12)


def json_bytes(text: str) -> int:
    """How many bytes a text has as JSON in UTF-8, as events and bodies carry it."""
    return len(json.dumps(text, ensure_ascii=False).encode())


def refuse_lone_surrogates(text: str, where: str) -> None:
    """Raises InvalidRequest for what no UTF-8 can hold."""
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise InvalidRequest(f"{where} holds half of a surrogate pair, which is not valid text.") from error


def _trigger(body: Mapping[str, object]) -> Trigger:
    match body.get("trigger"):
        case None | "submit-message":
            return "submit-message"
        case "regenerate-message":
            return "regenerate-message"
        case _:
            raise InvalidRequest("`trigger` must be 'submit-message' or 'regenerate-message'.")


def _check_role(message: Mapping[str, object], where: str) -> None:
    role = message.get("role")
    if role not in ("user", "assistant"):
        given = f"the role {role!r:.40}" if isinstance(role, str) else "no role"
        raise InvalidRequest(f"{where} has {given}; allowed are 'user' and 'assistant'.")


def _text(message: Mapping[str, object], where: str) -> str:
    """All text of a user's message. AI SDK v4 has it in `content`, later versions in `parts`."""
    parts, content = message.get("parts"), message.get("content")
    if parts is None and isinstance(content, str):
        texts = [_checked(content, where)]
    elif isinstance(parts, list):
        texts = [
            _part_text(_object(part, f"{where}.parts[{number}]"), f"{where}.parts[{number}]")
            for number, part in enumerate(cast("list[object]", parts))
        ]
    else:
        raise InvalidRequest(f"{where} has no list of `parts`.")
    text = "".join(texts).strip()
    if not text:
        raise InvalidRequest("`messages` must end with a user message that has text.")
    if len(text) > MAX_MESSAGE_CHARACTERS:
        raise TooLarge(f"{where} has {len(text)} characters; at most {MAX_MESSAGE_CHARACTERS} are accepted.")
    if (size := json_bytes(text)) > MAX_MESSAGE_BYTES:
        raise TooLarge(f"{where} has {size} bytes; at most {MAX_MESSAGE_BYTES} are accepted.")
    return text


def _part_text(part: Mapping[str, object], where: str) -> str:
    kind = part.get("type")
    if kind == "file":
        raise InvalidRequest(f"{where} is a file; only text is accepted.")
    if kind != "text":
        return ""
    text = part.get("text")
    if not isinstance(text, str):
        raise InvalidRequest(f"{where} has no `text`.")
    return _checked(text, where)


def _checked(text: str, where: str) -> str:
    refuse_lone_surrogates(text, where)
    return text


def _hash_of(asked: object) -> str:
    try:
        canonical = json.dumps(asked, sort_keys=True, separators=(",", ":"))
    except (RecursionError, TypeError, ValueError) as error:
        raise InvalidRequest("The request is nested too deeply, or holds a value that JSON does not have.") from error
    return hashlib.sha256(canonical.encode()).hexdigest()


def _object(value: object, where: str) -> Mapping[str, object]:
    if not isinstance(value, dict):
        raise InvalidRequest(f"{where} must be a JSON object.")
    return cast("Mapping[str, object]", value)
