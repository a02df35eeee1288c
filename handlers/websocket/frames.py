"""The frames of the AI SDK's `WebSocketChatTransport`.

Client: `{"type": "send" | "resume" | "abort", "requestId", …}`.
Server: `{"type": "start" | "end" | "no-active", "requestId"}`, `{"type": "chunk", "requestId", "sequence", "chunk"}`,
`{"type": "error", "requestId", "errorText"}`. The stock client drops the socket, with every stream on it, on any frame
without `type` or `requestId`.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import cast

from shared.errors import InvalidRequest, StreamwaysError
from shared.protocol.parts import Numbered, encode
from shared.protocol.request import identifier

UNKNOWN_REQUEST = "unknown"
"""Stands for a `requestId` that could not be read; the stock client ignores frames for requests it does not know."""


@dataclass(frozen=True)
class ClientFrame:
    """A frame as it came: its type, the stream it is about, and all its fields."""

    type: str
    request_id: str
    fields: Mapping[str, object]


def parse(body: str) -> ClientFrame:
    """Reads a client's frame. Raises InvalidRequest."""
    try:
        value: object = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise InvalidRequest("The frame is not JSON.") from error
    if not isinstance(value, dict):
        raise InvalidRequest("The frame must be a JSON object.")
    fields = cast("dict[str, object]", value)
    return ClientFrame(str(fields.get("type")), identifier(fields.get("requestId"), "`requestId`"), fields)


def request_id_of(body: str) -> str:
    """The `requestId` of a frame that could not be accepted, as it came: its sender waits for just that one."""
    try:
        value: object = json.loads(body)["requestId"]
    except (ValueError, RecursionError, KeyError, TypeError):
        return UNKNOWN_REQUEST
    return value if isinstance(value, str) else UNKNOWN_REQUEST


def start(request_id: str) -> str:
    """The stream was accepted."""
    return encode({"type": "start", "requestId": request_id})


def chunk(request_id: str, numbered: Numbered) -> str:
    """One part."""
    return encode({"type": "chunk", "requestId": request_id, "sequence": numbered.sequence, "chunk": numbered.part})


def end(request_id: str) -> str:
    """All parts were sent."""
    return encode({"type": "end", "requestId": request_id})


def no_active(request_id: str) -> str:
    """There is nothing to resume."""
    return encode({"type": "no-active", "requestId": request_id})


def error(request_id: str, refusal: StreamwaysError) -> str:
    """A refusal; its text is the JSON that an HTTP refusal has as its body."""
    text = json.dumps({"error": refusal.to_json()}, ensure_ascii=False)
    return encode({"type": "error", "requestId": request_id, "errorText": text})
