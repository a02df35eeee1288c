"""The data stream protocol of AI SDK v4, for clients that were not moved to v5: one line `code:JSON` for each part.

https://v4.ai-sdk.dev/docs/ai-sdk-ui/stream-protocol#data-stream-protocol

| code | part of v4 | made from |
|---|---|---|
| `0` | text | `text-delta` |
| `g` | reasoning | `reasoning-delta` |
| `b`, `c`, `9` | tool call: its start, a piece of its input, the whole | `tool-input-start`, `-delta`, `-available` |
| `a` | tool result | `tool-output-available`, `tool-output-error` |
| `f`, `e` | a step starts, a step finishes | `start-step`, `finish-step` |
| `8` | message annotations | `messageMetadata`, wherever it is |
| `2` | data | `data-…` |
| `3` | error | `error` |
| `d` | the message finishes, with usage | `finish`, `abort`, `error` |

What v4 has no line for (the start and end of a block) is left out. `d` is the last line of every stream that has ended.
"""

import json
from collections.abc import Callable, Iterator, Mapping
from typing import ClassVar, cast

from shared.contract.parts import PartType
from shared.protocol.cursor import Cursor
from shared.protocol.parts import Part

Line = tuple[str, object]

_AS_IS: Mapping[str, Callable[[Part], Line]] = {
    PartType.TEXT_DELTA: lambda part: ("0", part["delta"]),
    PartType.REASONING_DELTA: lambda part: ("g", part["delta"]),
    PartType.TOOL_INPUT_START: lambda part: ("b", {"toolCallId": part["toolCallId"], "toolName": part["toolName"]}),
    PartType.TOOL_INPUT_DELTA: lambda part: (
        "c",
        {"toolCallId": part["toolCallId"], "argsTextDelta": part["inputTextDelta"]},
    ),
    PartType.TOOL_INPUT_AVAILABLE: lambda part: (
        "9",
        {"toolCallId": part["toolCallId"], "toolName": part["toolName"], "args": part["input"]},
    ),
    PartType.TOOL_OUTPUT_AVAILABLE: lambda part: ("a", {"toolCallId": part["toolCallId"], "result": part["output"]}),
    PartType.TOOL_OUTPUT_ERROR: lambda part: (
        "a",
        {"toolCallId": part["toolCallId"], "result": {"error": part["errorText"]}},
    ),
}
"""The parts that are one line whatever came before them."""


class DataStream:
    """Encodes the parts of one stream, in order: a step and a message finish with what other parts have told."""

    headers: ClassVar[Mapping[str, str]] = {
        "content-type": "text/plain; charset=utf-8",
        "cache-control": "no-cache",
        "x-accel-buffering": "no",
        "x-vercel-ai-data-stream": "v1",
    }
    keep_alive: ClassVar[bytes] = b"\n"
    """The protocol has no comments; its reader drops empty lines."""
    end: ClassVar[bytes] = b""

    def __init__(self) -> None:
        self._message_id: object = None
        self._usage: dict[str, object] = {}
        """`{"usage": {…}}` once it is known; v4 reads a missing one as not a number."""
        self._step_finished = False

    def encode(self, part: Part, _cursor: Cursor | None, /) -> bytes:
        """The lines that tell one part; none for a part that v4 does not know. Its clients cannot resume."""
        lines = self._lines(part)
        return "".join(f"{code}:{_json(value)}\n" for code, value in lines).encode()

    def _lines(self, part: Part) -> Iterator[Line]:
        kind = str(part["type"])
        if kind in _AS_IS:
            yield _AS_IS[kind](part)
        elif kind.startswith("data-"):
            yield "2", [{name: value for name, value in part.items() if name != "transient"}]
        if "messageMetadata" in part:
            yield self._annotation(part)
        match kind:
            case PartType.START:
                self._message_id = part["messageId"]
            case PartType.START_STEP:
                yield from self._finish_step("tool-calls")
                # A resume within an answer has not heard its id; v4 then keeps the one that it has.
                if self._message_id is not None:
                    yield "f", {"messageId": self._message_id}
            case PartType.FINISH_STEP:
                self._step_finished = True
            case PartType.FINISH:
                yield from self._finish(str(part.get("finishReason", "unknown")))
            case PartType.ABORT:
                yield from self._finish("other")
            case PartType.ERROR:
                yield "3", part["errorText"]
                yield from self._finish("error")
            case _:
                pass

    def _annotation(self, part: Part) -> Line:
        metadata = cast("Mapping[str, object]", part["messageMetadata"])
        if "usage" in metadata:
            usage = cast("Mapping[str, object]", metadata["usage"])
            counts = {"promptTokens": usage["inputTokens"], "completionTokens": usage["outputTokens"]}
            self._usage = {"usage": counts}
        return "8", [metadata]

    def _finish(self, reason: str) -> Iterator[Line]:
        yield from self._finish_step(reason)
        yield "d", {"finishReason": reason, **self._usage}

    def _finish_step(self, reason: str) -> Iterator[Line]:
        """The line of a step that has finished: v4 wants the reason in it, which only a later part tells."""
        if self._step_finished:
            self._step_finished = False
            yield "e", {"finishReason": reason, **self._usage, "isContinued": False}


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
