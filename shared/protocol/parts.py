"""The parts of a stream: chunks of the AI SDK's UI message stream, version 1.

https://ai-sdk.dev/docs/ai-sdk-ui/stream-protocol#data-stream-protocol

A part is a JSON object with a `type`. A stream is `start`, `start-step`, blocks of text and reasoning (each `-start`,
`-delta`…, `-end` under one id), `finish-step`, and one terminal part: `finish`, `abort` or `error`.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from shared.contract.parts import TERMINAL, PartType
from shared.errors import StreamwaysError

Part = dict[str, object]

BlockKind = Literal["text", "reasoning"]
BLOCK_KINDS: tuple[BlockKind, BlockKind] = ("text", "reasoning")


WORKER_EPOCH = 0
REAPER_EPOCH = 1
"""Who numbers the parts of a stream: its worker, or the reaper that ended it where its journal stops. The worker may
have delivered parts that never reached the journal: the reaper's have numbers that the worker has given to others."""


@dataclass(frozen=True)
class SequencedPart:
    """A part with its sequence: 0-based, gapless within its stream, given once by the writer of an epoch."""

    sequence: int
    part: Part
    epoch: int = WORKER_EPOCH


def start(message_id: str, stream_id: str) -> Part:
    """The first part. `message_id` names the answer for the client: new for each, the same in every replay."""
    return {"type": PartType.START, "messageId": message_id, "messageMetadata": {"streamId": stream_id}}


def start_step() -> Part:
    """One call of the model begins."""
    return {"type": PartType.START_STEP}


def block_start(kind: BlockKind, block_id: str) -> Part:
    """A block of text or reasoning begins; its id is unique while it is open."""
    return {"type": f"{kind}-start", "id": block_id}


def block_delta(kind: BlockKind, block_id: str, text: str) -> Part:
    """More of a block that was started."""
    return {"type": f"{kind}-delta", "id": block_id, "delta": text}


def block_end(kind: BlockKind, block_id: str) -> Part:
    """A block is complete."""
    return {"type": f"{kind}-end", "id": block_id}


def tool_output_error(tool_call_id: str, text: str) -> Part:
    """A tool's call that gave no output, and why."""
    return {"type": PartType.TOOL_OUTPUT_ERROR, "toolCallId": tool_call_id, "errorText": text}


def finish(finish_reason: str, metadata: Mapping[str, object]) -> Part:
    """The terminal part of an answer that came to an end; the protocol has no usage field, so metadata carries it."""
    return {"type": PartType.FINISH, "finishReason": finish_reason, "messageMetadata": dict(metadata)}


def failure(error: StreamwaysError, metadata: Mapping[str, object]) -> list[Part]:
    """The end of a stream that failed: what it used, its code for machines, its text for people.

    `data-error` is transient, or the client would send it back with the history.
    """
    return [
        message_metadata(metadata),
        {"type": PartType.DATA_ERROR, "transient": True, "data": error.to_json()},
        {"type": PartType.ERROR, "errorText": error.message},
    ]


def abort(reason: str) -> Part:
    """The terminal part of a stream that was stopped before its end: `cancelled` or `superseded`."""
    return {"type": PartType.ABORT, "reason": reason}


def message_metadata(metadata: Mapping[str, object]) -> Part:
    """What a client is to know of the message, when the terminal part itself cannot carry it."""
    return {"type": PartType.MESSAGE_METADATA, "messageMetadata": dict(metadata)}


def is_terminal(part: Part) -> bool:
    """Whether nothing follows this part in its stream."""
    return part["type"] in TERMINAL


def encode(part: Part) -> str:
    """A part, or a frame around one, as it travels: compact JSON, not escaped beyond need.

    Its length in UTF-8 is what limits are about.
    """
    return json.dumps(part, ensure_ascii=False, separators=(",", ":"))


@dataclass
class OpenBlocks:
    """Which blocks of a stream are open, so that whoever ends it can close them."""

    _ends: dict[tuple[str, str], Part] = field(default_factory=dict[tuple[str, str], Part])
    """By kind and id."""
    _in_step: bool = False

    def observe(self, part: Part) -> None:
        """Takes note of a part that was accepted."""
        for kind in BLOCK_KINDS:
            if part["type"] == f"{kind}-start":
                self._ends[kind, str(part["id"])] = block_end(kind, str(part["id"]))
            elif part["type"] == f"{kind}-end":
                self._ends.pop((kind, str(part["id"])), None)
        if part["type"] in (PartType.START_STEP, PartType.FINISH_STEP):
            self._in_step = part["type"] == PartType.START_STEP

    def closing(self) -> list[Part]:
        """The parts that close what is open, in order; empty when nothing is."""
        step: list[Part] = [{"type": PartType.FINISH_STEP}] if self._in_step else []
        return [*self._ends.values(), *step]
