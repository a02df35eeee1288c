"""Keeps count of one answer while it streams: what was said, how fast, and what the provider says of it."""

import time
from collections.abc import Sequence

from shared.errors import InvalidRequest, ModelThrottled, StreamwaysError
from shared.models.events import Delta, FinishReason, ModelEvent, Stop, Usage, estimate_tokens
from shared.protocol.request import Message
from shared.streams.usage_record import UsageRecord


class UsageMeter:
    """Counts on the thread that reads the model. Others may ask for the usage at any time, and for the record once
    nothing more is counted."""

    def __init__(self, model: str) -> None:
        self.model = model
        self._prompt: Sequence[Message] | None = None
        self._began = time.monotonic()
        self._first_text: float | None = None
        self._first_delta: float | None = None
        self._last_delta: float | None = None
        self._characters = 0
        self._usage: Usage | None = None
        self.stop_reason: str | None = None
        """Why the model stopped, in its provider's word; None as long as it has not said."""
        self.finish_reason: FinishReason = "other"
        """The same in the AI SDK's word."""
        self.blocked = False
        """Whether a guardrail stopped it."""

    def model_called(self, messages: Sequence[Message]) -> None:
        """Notes that the model is called now. A stream that ends before has used no tokens."""
        self._prompt = messages

    def observe(self, event: ModelEvent) -> None:
        """Counts one event of the model."""
        if isinstance(event, Delta):
            self._last_delta = time.monotonic()
            self._first_delta = self._last_delta if self._first_delta is None else self._first_delta
            if event.kind == "text" and self._first_text is None:
                self._first_text = self._last_delta
            self._characters += len(event.text)
        elif isinstance(event, Stop):
            self.stop_reason, self.finish_reason, self.blocked = event.reason, event.finish_reason, event.blocked
        elif isinstance(event, Usage):
            self._usage = event

    def usage(self) -> Usage:
        """What was used so far: as the provider says, or estimated from the texts as long as it has not said."""
        if self._usage is not None:
            return self._usage
        if self._prompt is None:
            return Usage(0, 0)
        asked = sum(len(message.text) for message in self._prompt)
        return Usage(estimate_tokens(asked), estimate_tokens(self._characters), estimated=True)

    def record(self, stop_reason: str, failure: StreamwaysError | None) -> UsageRecord:
        """The count as it is now, for good."""
        # A call that was refused costs nothing.
        refused = self._first_delta is None and isinstance(failure, ModelThrottled | InvalidRequest)
        usage = Usage(0, 0) if refused and self._usage is None else self.usage()
        return UsageRecord(
            model=self.model,
            stop_reason=stop_reason,
            usage=usage,
            first_text_ms=self._since_began(self._first_text),
            total_ms=round((time.monotonic() - self._began) * 1000, 1),
            tokens_per_second=self._tokens_per_second(usage.output_tokens),
        )

    def _since_began(self, moment: float | None) -> float | None:
        return None if moment is None else round((moment - self._began) * 1000, 1)

    def _tokens_per_second(self, tokens: int) -> float | None:
        if self._first_delta is None or self._last_delta is None or self._last_delta <= self._first_delta:
            return None
        return round(tokens / (self._last_delta - self._first_delta), 1)
