"""What the emulated model remembers of its calls."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from sandbox.aws.model_faults import FaultKind


@dataclass
class ModelCall:
    """One valid call of the model, also a throttled one. Times are epoch milliseconds, by the sandbox's clock."""

    model_id: str
    request_id: str
    """As in the response header `x-amzn-requestid`."""
    started_ms: float
    messages: Sequence[tuple[str, str]]
    """Role and text of every message that reached the model."""
    input_tokens: int
    output_tokens: int = 0
    """Tokens sent so far."""
    text: str = ""
    """What they say."""
    first_text_ms: float | None = None
    """When the first text was sent."""
    ended_ms: float | None = None
    stop_reason: str | None = None
    """None while it runs, and when it did not get to its end."""
    ended: Literal["finished", "hung_up", "failed", "refused"] | None = None
    """How it came to its end: the caller hung up, and the generation stopped; its fault cut it, or had it refused.
    None while it runs."""
    fault: FaultKind | None = None
    """How it was made to go wrong."""

    def was_asked(self, text: str) -> bool:
        """Whether this text stands in one of the messages."""
        return any(text in message for _, message in self.messages)

    def document(self) -> dict[str, object]:
        """The record with JSON's names, as `GET /_sandbox/model/calls` shows it."""
        return {
            "modelId": self.model_id,
            "requestId": self.request_id,
            "prompt": next(text for role, text in reversed(self.messages) if role == "user"),
            "messages": [{"role": role, "text": text} for role, text in self.messages],
            "startedMs": self.started_ms,
            "firstTextMs": self.first_text_ms,
            "endedMs": self.ended_ms,
            "inputTokens": self.input_tokens,
            "outputTokens": self.output_tokens,
            "text": self.text,
            "stopReason": self.stop_reason,
            "ended": self.ended,
            "fault": self.fault,
        }
