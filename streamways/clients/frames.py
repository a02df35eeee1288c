"""The frames of a client of the WebSocket API: those of the AI SDK's `WebSocketChatTransport`, and ours."""

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import cast

from streamways.clients.client import ChatRequest

FRAME_BYTES = 32 * 1024
"""A larger message must be split into frames: https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-execution-service-websocket-limits-table.html"""

Frame = dict[str, object]


def send_frame(request: ChatRequest) -> Frame:
    """Starts a stream; its id is the frame's `requestId`."""
    frame: Frame = {
        "type": "send",
        "requestId": request.stream_id,
        "id": request.chat_id,
        "trigger": request.trigger,
        "messages": request.messages,
    }
    return frame if request.message_id is None else frame | {"messageId": request.message_id}


def resume_frame(request_id: str, chat_id: str, after: str | None) -> Frame:
    """Asks for all parts of a chat's latest stream, or for those of a stream after a cursor."""
    frame: Frame = {"type": "resume", "requestId": request_id, "id": chat_id}
    return frame if after is None else frame | {"cursor": after}


def encoded(message: Mapping[str, object]) -> Iterator[bytes]:
    """A message in frames as large as API Gateway takes them."""
    text = json.dumps(message).encode()
    for start in range(0, len(text), FRAME_BYTES):
        yield text[start : start + FRAME_BYTES]


def joined(pieces: Iterable[Mapping[str, object]]) -> tuple[Mapping[str, object], ...]:
    """Messages whole again. One that fits into no frame comes in pieces of the same id, one after the other; a part
    with `continued` is more text of the last part of the piece before."""
    messages: list[dict[str, object]] = []
    for piece in pieces:
        if messages and messages[-1]["id"] == piece["id"]:
            parts = cast("list[dict[str, object]]", messages[-1]["parts"])
            for part in cast("list[dict[str, object]]", piece["parts"]):
                if part.get("continued"):
                    parts[-1] = {**parts[-1], "text": f"{parts[-1]['text']}{part['text']}"}
                else:
                    parts.append(part)
        else:
            messages.append({**piece, "parts": list(cast("list[object]", piece["parts"]))})
    return tuple(messages)
