"""Keeps count of one answer while it streams: what was said, how fast, how it ended, what it costs."""

import time
from dataclasses import dataclass, field

from shared.models.events import Delta, ModelEvent, Stop, Usage, estimate_tokens
from shared.models.prices import model_cost
from shared.stream.start import StreamStart
from shared.telemetry.record import StreamRecord

FINISH_REASONS = {
    "end_turn": "stop",
    "stop_sequence": "stop",
    "max_tokens": "length",
    "model_context_window_exceeded": "length",
    "tool_use": "tool-calls",
    "content_filtered": "content-filter",
    "guardrail_intervened": "content-filter",
}
"""Bedrock's stop reasons in the AI SDK's words; any other is `other`."""
UNSAID = "error"
"""The stop reason of an answer whose model never gave one."""


@dataclass
class Tally:
    """Written by the thread that reads the model; read once the stream is sealed."""

    start: StreamStart
    model_id: str
    stop_reason: str = UNSAID
    began: float = field(default_factory=time.monotonic)
    _first_text: float | None = None
    _last_text: float | None = None
    _characters: int = 0
    _usage: Usage | None = None

    def observe(self, event: ModelEvent) -> None:
        """Counts one event of the model."""
        if isinstance(event, Delta):
            self._last_text = time.monotonic()
            self._first_text = self._last_text if self._first_text is None else self._first_text
            self._characters += len(event.text)
        elif isinstance(event, Stop):
            self.stop_reason = event.reason
        elif isinstance(event, Usage):
            self._usage = event

    @property
    def finish_reason(self) -> str:
        """The AI SDK's word for how it ended."""
        return FINISH_REASONS.get(self.stop_reason, "other")

    @property
    def usage(self) -> Usage:
        """As the provider billed; estimated from the texts when the stream ended before the provider said."""
        if self._usage is not None:
            return self._usage
        asked = sum(len(message.text) for message in self.start.request.messages)
        return Usage(estimate_tokens(asked), estimate_tokens(self._characters), estimated=True)

    @property
    def booking(self) -> dict[str, object]:
        """What the stream's record keeps: `{"model", "stopReason", "usage", "cost"}`."""
        usage = self.usage
        return {
            "model": self.model_id,
            "stopReason": self.stop_reason,
            "usage": usage.to_json(),
            "cost": model_cost(self.model_id, usage),
        }

    @property
    def metadata(self) -> dict[str, object]:
        """What the terminal part carries: the booking, the stream's id, and `timings` in milliseconds."""
        timings = {"firstTextMs": self._since_began(self._first_text), "totalMs": self._since_began(time.monotonic())}
        return {"streamId": self.start.stream_id, **self.booking, "timings": timings}

    def record(self) -> StreamRecord:
        """For logs and metrics."""
        usage = self.usage
        return StreamRecord(
            stream_id=self.start.stream_id,
            correlation_id=self.start.correlation_id,
            model=self.model_id,
            stop_reason=self.stop_reason,
            input_tokens=usage.input_tokens,
            output_tokens=usage.output_tokens,
            cost=model_cost(self.model_id, usage)["model"],
            first_text_ms=self._since_began(self._first_text),
            total_ms=self._since_began(time.monotonic()) or 0.0,
            tokens_per_second=self._tokens_per_second(usage.output_tokens),
        )

    def _since_began(self, moment: float | None) -> float | None:
        return None if moment is None else round((moment - self.began) * 1000, 1)

    def _tokens_per_second(self, tokens: int) -> float | None:
        if self._first_text is None or self._last_text is None or self._last_text <= self._first_text:
            return None
        return round(tokens / (self._last_text - self._first_text), 1)
