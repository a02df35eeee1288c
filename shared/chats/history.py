"""What a request makes of a chat's history: where it is cut, what is said, where the answer goes, and the prompt.

Pure: messages come newest first and lazily, so no more is read of a long chat than its prompt takes. Cutting writes
nothing but a new length; what lies above it is overwritten by and by.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import chain, dropwhile, islice, tee
from typing import Any, Self

from shared.errors import InvalidRequest, TooLarge
from shared.protocol.request import ChatRequest, Message, NewMessage, Role, json_bytes, new_message_id

MAX_PROMPT_MESSAGES = 200
MAX_PROMPT_CHARACTERS = 200_000
"""All texts of a prompt together: about 50,000 tokens. The oldest messages are left out first."""
MAX_PROMPT_BYTES = 800 * 1024
"""As JSON in UTF-8: a worker's event holds 1 MB.
https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html"""
CONTINUE = "Continue exactly where you stopped, without repeating anything."
"""What a continuation asks of the model; the history does not keep it."""


@dataclass(frozen=True)
class StoredMessage:
    """A message of the history. An answer is done when its stream has ended."""

    index: int
    id: str
    role: Role
    text: str
    parts: int
    """How many parts it has."""
    done: bool

    @classmethod
    def of(cls, item: Mapping[str, Any]) -> Self:
        """Reads the item of a message."""
        return cls(
            index=index_of(item),
            id=item["id"],
            role=item["role"],
            text="".join(part["text"] for part in item["parts"] if part.get("type") == "text"),
            parts=len(item["parts"]),
            done=item.get("state") != "streaming",
        )


@dataclass(frozen=True)
class Turn:
    """A question and the place of its answer. The history's new length is `answer_index` + 1."""

    said: NewMessage | None
    """The user's message, to be written before the answer; None if the answer is to one that is there."""
    answer_index: int
    answer_id: str
    held_parts: int | None
    """How many parts the answer has already, which is written on; None for a new answer."""
    prompt: tuple[Message, ...]


def index_of(item: Mapping[str, Any]) -> int:
    """The place of a message, from its key."""
    return int(item["sk"].rpartition("#")[2])


def next_turn(request: ChatRequest, stream_id: str, length: int, newest_first: Iterable[StoredMessage]) -> Turn:
    """The turn that a request asks for. `newest_first`: the messages below `length`.

    Raises InvalidRequest, or TooLarge for an answer that cannot be continued.
    """
    searched, kept = tee(newest_first)
    if request.continues is not None:
        return _continuation(request.continues, kept)
    if request.trigger == "regenerate-message":
        target = _answered_anew(request, searched)
        if target is not None:
            first = target.index if target.role == "assistant" else target.index + 1
            below = _within_prompt(_below(first, kept))
            return Turn(None, first, _answer_id(stream_id, below), None, _conversation(below))
    edited = _edited(request, searched)
    said, index = request.message, length if edited is None else edited.index
    if said is None:
        raise InvalidRequest("There is no user message to answer. Send one.")
    below = _within_prompt(chain([_asked(said)], _below(index, kept)))
    if any(message.id == said.id for message in below[1:]):
        said = NewMessage(new_message_id(), said.text)
    return Turn(said, index + 1, _answer_id(stream_id, below), None, _conversation(below))


def _continuation(answer_id: str, newest_first: Iterator[StoredMessage]) -> Turn:
    answer = next(newest_first, None)
    if answer is None or answer.id != answer_id or answer.role != "assistant":
        raise InvalidRequest(f"Only the chat's last answer can be continued; {answer_id!r:.70} is not.")
    if not answer.done:
        raise InvalidRequest("This answer is still being written. Resume its stream, or wait for its end.")
    begun = [_asked(NewMessage("", CONTINUE)), answer] if _has_text(answer) else []
    prompt = _conversation(_within_prompt(chain(begun, newest_first)))
    if begun and len(prompt) == 1:  # the answer counts only with a question before it
        raise TooLarge(
            "This answer and its question are too long together to be continued: a prompt holds "
            f"{MAX_PROMPT_CHARACTERS} characters and {MAX_PROMPT_BYTES} bytes. Ask a shorter question, or for less."
        )
    return Turn(None, answer.index, answer.id, answer.parts, prompt)


def _answered_anew(request: ChatRequest, newest_first: Iterator[StoredMessage]) -> StoredMessage | None:
    """The message before or after which the answer goes; None if the client's last message never came here."""
    named = request.message_id or (request.message and request.message.id)
    if named is None:
        found = next((message for message in newest_first if message.role == "user"), None)
    else:
        found = next((message for message in newest_first if message.id == named), None)
    if found is None and (request.message is None or request.message.id != named):
        raise InvalidRequest(
            f"There is no message {named!r:.140} in this chat." if named else "There is nothing to be answered anew."
        )
    return found


def _edited(request: ChatRequest, newest_first: Iterator[StoredMessage]) -> StoredMessage | None:
    """The user's message that is replaced: the one that is named, or the last if it is sent again."""
    by_users = (message for message in newest_first if message.role == "user")
    if request.message_id is not None:
        return next((message for message in by_users if message.id == request.message_id), None)
    last = next(by_users, None)
    return last if last and request.message and last.id == request.message.id else None


def _below(index: int, newest_first: Iterator[StoredMessage]) -> Iterator[StoredMessage]:
    return dropwhile(lambda message: message.index >= index, newest_first)


def _asked(message: NewMessage) -> StoredMessage:
    return StoredMessage(-1, message.id, "user", message.text, 1, True)


def _answer_id(stream_id: str, below: list[StoredMessage]) -> str:
    """Two members may choose one stream id, and an id may be used again after a day; answers' ids must differ."""
    answer_id = f"msg-{stream_id}"
    taken = any(message.id == answer_id for message in below)
    return f"{answer_id}-{new_message_id()}" if taken else answer_id


def _within_prompt(newest_first: Iterable[StoredMessage]) -> list[StoredMessage]:
    """As many of the newest messages as a prompt holds."""
    taken: list[StoredMessage] = []
    characters, size = 0, 0
    for message in islice(newest_first, MAX_PROMPT_MESSAGES):
        characters, size = characters + len(message.text), size + json_bytes(message.text)
        if characters > MAX_PROMPT_CHARACTERS or size > MAX_PROMPT_BYTES:
            break
        taken.append(message)
    return taken


def _conversation(newest_first: list[StoredMessage]) -> tuple[Message, ...]:
    """In the order in which it was said; roles alternate, the first and the last are the user's. Answers that have no
    text (yet), or nothing but white space, are left out: Converse refuses a blank block."""
    said: list[Message] = []
    for message in reversed([*dropwhile(_is_answer, filter(_has_text, newest_first))]):
        if said and said[-1].role == message.role:
            said[-1] = Message(message.role, f"{said[-1].text}\n\n{message.text}")
        elif said or not _is_answer(message):
            said.append(Message(message.role, message.text))
    if not said:
        raise InvalidRequest("There is no user message to answer. Send one.")
    return tuple(said)


def _is_answer(message: StoredMessage) -> bool:
    return message.role == "assistant"


def _has_text(message: StoredMessage) -> bool:
    return bool(message.text.strip())
