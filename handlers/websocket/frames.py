"""The frames of the AI SDK's `WebSocketChatTransport`, and ours beside them.

Client: `{"type": "send" | "resume" | "abort", "requestId", …}`; ours are `cancel`, and those about chats (see routes).
Server: `{"type": "start" | "end" | "no-active", "requestId"}`, `{"type": "error", "requestId", "errorText"}`, `{"type":
"chunk", "requestId", "sequence", "chunk"}` with a `cursor` of ours; ours are also `result`, the answer to a frame of
ours, and `keep-alive` and `notice`, which answer nothing. The stock client drops the socket, with every stream on it,
on any frame without `type` or `requestId`, and on a type that it does not know under a `requestId` that it does.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import cast

from shared.errors import InvalidRequest, StreamwaysError
from shared.protocol.cursor import Cursor
from shared.protocol.parts import Part, encode
from shared.protocol.request import identifier
from shared.protocol.strict_json import read_object

OURS = "streamways"
"""`requestId` of the frames that belong to no request of the client: the stock client ignores them."""
MAX_ECHOED_CHARACTERS = 1024
"""A refused `requestId` is echoed up to this length: the answer to any frame fits into one."""


@dataclass(frozen=True)
class ClientFrame:
    """A frame as it came: its type, the request it is about, and all its fields."""

    type: str
    request_id: str
    fields: Mapping[str, object]

    @property
    def chat_id(self) -> str:
        """The chat that the frame names in `id`. Raises InvalidRequest."""
        return identifier(self.fields.get("id"), "`id`")

    @property
    def body(self) -> Mapping[str, object]:
        """What the client sends beside the protocol's fields. Raises InvalidRequest."""
        body = self.fields.get("body")
        if body is not None and not isinstance(body, dict):
            raise InvalidRequest("`body` must be a JSON object.")
        return cast("Mapping[str, object]", body or {})


def parse(body: str) -> ClientFrame:
    """Reads a client's frame. Raises InvalidRequest."""
    fields = read_object(body, "The frame")
    request_id = identifier(fields.get("requestId"), "`requestId`")
    if request_id == OURS:
        raise InvalidRequest(f"The `requestId` {OURS!r} is the server's own; choose another.")
    return ClientFrame(str(fields.get("type")), request_id, fields)


def request_id_of(body: str) -> str:
    """The `requestId` of a frame that could not be accepted, as it came: its sender waits for just that one."""
    try:
        value: object = json.loads(body)["requestId"]
    except (ValueError, RecursionError, KeyError, TypeError):
        return OURS
    return value if isinstance(value, str) and len(value) <= MAX_ECHOED_CHARACTERS else OURS


def start(request_id: str) -> str:
    """There is a stream to read, though it may not have said anything yet."""
    return encode({"type": "start", "requestId": request_id})


def chunk(request_id: str, sequence: int, part: Part, cursor: Cursor | None) -> str:
    """One part, with the place behind it if it is one of the stream's.

    The sequence counts the chunks of this request from 0: the stock client takes no other.
    """
    place = {"cursor": str(cursor)} if cursor else {}
    return encode({"type": "chunk", "requestId": request_id, "sequence": sequence, **place, "chunk": part})


def end(request_id: str) -> str:
    """All parts were sent."""
    return encode({"type": "end", "requestId": request_id})


def no_active(request_id: str) -> str:
    """There is nothing to resume."""
    return encode({"type": "no-active", "requestId": request_id})


def error(request_id: str, refusal: StreamwaysError) -> str:
    """A refusal; its text is the JSON that an HTTP refusal has as its body.

    Escaped, because a `requestId` that was refused may be no text at all: half a surrogate pair.
    """
    return json.dumps({"type": "error", "requestId": request_id, "errorText": json.dumps({"error": refusal.to_json()})})


def result(request_id: str, value: Mapping[str, object], *, more: bool = False) -> str:
    """The answer to a frame of ours; `more` when its list goes on in the next one."""
    frame: dict[str, object] = {"type": "result", "requestId": request_id, "result": dict(value)}
    return encode({**frame, "more": True} if more else frame)


def keep_alive() -> str:
    """The stream goes on, though nothing comes."""
    return encode({"type": "keep-alive", "requestId": OURS})


def connection_ends(at: int) -> str:
    """API Gateway will close this connection at that epoch second."""
    return encode({"type": "notice", "requestId": OURS, "code": "connection_ends", "at": at})
