"""The parts of a stream: chunks of the AI SDK's UI message stream, version 1.

https://ai-sdk.dev/docs/ai-sdk-ui/stream-protocol#data-stream-protocol

A part is a JSON object with a `type`. A stream is `start`, `start-step`, blocks of text and reasoning (each `-start`,
`-delta`…, `-end` under one id), `finish-step`, and one terminal part: `finish` or `error`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from shared.errors import StreamwaysError

Part = dict[str, object]

STREAM_VERSION_HEADER = ("x-vercel-ai-ui-message-stream", "v1")

_OPENS = {"text-start": "text-end", "reasoning-start": "reasoning-end"}
_CLOSES = frozenset(_OPENS.values())
DELTAS = frozenset({"text-delta", "reasoning-delta"})


@dataclass(frozen=True)
class Numbered:
    """A part with its sequence: 0-based, gapless within its stream, given once."""

    sequence: int
    part: Part


def start(message_id: str, stream_id: str) -> Part:
    """The first part. `message_id` names the answer for the client: new for each, the same in every replay."""
    return {"type": "start", "messageId": message_id, "messageMetadata": {"streamId": stream_id}}


def start_step() -> Part:
    """One call of the model begins."""
    return {"type": "start-step"}


def text_start(block_id: str) -> Part:
    """A block of text begins."""
    return {"type": "text-start", "id": block_id}


def text_delta(block_id: str, text: str) -> Part:
    """More text of a block that was started."""
    return {"type": "text-delta", "id": block_id, "delta": text}


def reasoning_start(block_id: str) -> Part:
    """A block of reasoning begins."""
    return {"type": "reasoning-start", "id": block_id}


def reasoning_delta(block_id: str, text: str) -> Part:
    """More reasoning of a block that was started."""
    return {"type": "reasoning-delta", "id": block_id, "delta": text}


def finish(finish_reason: str, metadata: Mapping[str, object]) -> Part:
    """The terminal part of an answer that came to an end; the protocol has no usage field, so metadata carries it."""
    return {"type": "finish", "finishReason": finish_reason, "messageMetadata": dict(metadata)}


def failure(error: StreamwaysError, metadata: Mapping[str, object]) -> list[Part]:
    """The end of a stream that failed: what it used, its code for machines, its text for people.

    `data-error` is transient, or the client would send it back with the history.
    """
    return [
        {"type": "message-metadata", "messageMetadata": dict(metadata)},
        {"type": "data-error", "transient": True, "data": error.to_json()},
        {"type": "error", "errorText": error.message},
    ]


def is_terminal(part: Part) -> bool:
    """Whether nothing follows this part in its stream."""
    return part["type"] in ("finish", "error")


@dataclass
class OpenBlocks:
    """Which blocks of a stream are open, so that whoever ends it can close them."""

    _open: dict[str, Part] = field(default_factory=dict[str, Part])
    _in_step: bool = False

    def observe(self, part: Part) -> None:
        """Takes note of a part that was accepted."""
        kind = str(part["type"])
        if kind in _OPENS:
            self._open[f"{_OPENS[kind]} {part['id']}"] = {"type": _OPENS[kind], "id": part["id"]}
        elif kind in _CLOSES:
            self._open.pop(f"{kind} {part['id']}", None)
        elif kind == "start-step":
            self._in_step = True
        elif kind == "finish-step":
            self._in_step = False

    def closing(self) -> list[Part]:
        """The parts that close what is open, in order; empty when nothing is."""
        closing = list(self._open.values())
        if self._in_step:
            closing.append({"type": "finish-step"})
        return closing
