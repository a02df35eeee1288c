"""The types of parts: those chunks of the AI SDK's UI message stream, version 1, that a stream may hold.

https://ai-sdk.dev/docs/ai-sdk-ui/stream-protocol#data-stream-protocol
"""

from enum import StrEnum


class PartType(StrEnum):
    """The `type` of a part."""

    START = "start"
    START_STEP = "start-step"
    REASONING_START = "reasoning-start"
    REASONING_DELTA = "reasoning-delta"
    REASONING_END = "reasoning-end"
    TEXT_START = "text-start"
    TEXT_DELTA = "text-delta"
    TEXT_END = "text-end"
    TOOL_INPUT_START = "tool-input-start"
    TOOL_INPUT_DELTA = "tool-input-delta"
    TOOL_INPUT_AVAILABLE = "tool-input-available"
    TOOL_OUTPUT_AVAILABLE = "tool-output-available"
    TOOL_OUTPUT_ERROR = "tool-output-error"
    FINISH_STEP = "finish-step"
    MESSAGE_METADATA = "message-metadata"
    DATA_ERROR = "data-error"
    FINISH = "finish"
    ABORT = "abort"
    ERROR = "error"

    def __repr__(self) -> str:
        """The text, as it travels and as it reads in a report."""
        return repr(self.value)


DELTAS = frozenset({PartType.TEXT_DELTA, PartType.REASONING_DELTA})
"""Pieces of a block of text: adjacent ones may be merged, and a long one may be split."""
TERMINAL = frozenset({PartType.FINISH, PartType.ABORT, PartType.ERROR})
"""A stream ends with exactly one of these."""
OF_A_LATE_END = TERMINAL | {PartType.MESSAGE_METADATA, PartType.DATA_ERROR}
"""What a reader can use of an end that is numbered below what has come: its blocks are those of the journal."""
