"""Runs one stream: reads the model on a thread, watches the deadline on another, books, and ends it in the outbox.

    model events ──(reader)──► parts ──► outbox ──► whoever delivers
    end of the model, failure or deadline ──(supervisor)──► seal → book → log → terminal part

Nothing waits for the model but the reader: a deadline shuts the model's connection down, and the stream ends with what
came. Everything is booked before the last part is handed out, because Lambda may freeze right after it is delivered.
"""

import threading
import time

from shared.errors import ContentBlocked, Internal, ModelUnavailable, StreamwaysError
from shared.models.events import BlockEnd, Delta, Model, ModelEvent
from shared.protocol import parts
from shared.stream.outbox import Outbox, OutboxSealed
from shared.stream.registry import StreamRegistry
from shared.stream.start import StreamStart
from shared.stream.tally import UNSAID, Tally
from shared.telemetry.record import logger, record_stream

DEADLINE_MARGIN_SECONDS = 3.0
"""What is kept of a function's time to book the stream and deliver its end."""
BLOCKED = "guardrail_intervened"


class StreamRun:
    """One stream that is claimed and runs. `remaining` is the function's time in seconds."""

    def __init__(
        self, start: StreamStart, *, model: Model, registry: StreamRegistry, outbox: Outbox, remaining: float
    ) -> None:
        self._start = start
        self._registry = registry
        self._outbox = outbox
        self._model_stream = model.stream(start.request.messages, start.max_output_tokens)
        self._deadline = time.monotonic() + max(0.0, remaining - DEADLINE_MARGIN_SECONDS)
        self._tally = Tally(start, model.model_id)
        self._read = threading.Event()
        self._failure: StreamwaysError | None = None
        self._supervisor = threading.Thread(target=self._supervise, name="supervisor", daemon=True)

    def begin(self) -> None:
        """Starts to read the model; the first parts are in the outbox when this returns."""
        self._outbox.put(parts.start(self._start.message_id, self._start.stream_id))
        self._outbox.put(parts.start_step())
        threading.Thread(target=self._read_model, name="model", daemon=True).start()
        self._supervisor.start()

    def join(self) -> None:
        """Waits until the stream is booked and its last part is in the outbox."""
        self._supervisor.join()

    def _read_model(self) -> None:
        opened: set[str] = set()
        try:
            for event in self._model_stream:
                self._tally.observe(event)
                for part in _parts(event, opened):
                    self._outbox.put(part)
        except OutboxSealed:
            pass
        except StreamwaysError as error:
            self._failure = error
        except Exception:
            logger.exception("reading the model failed", extra=self._ids)
            self._failure = Internal()
        finally:
            self._read.set()

    def _supervise(self) -> None:
        in_time = self._read.wait(self._deadline - time.monotonic())
        self._outbox.seal()
        if not in_time:
            self._tally.stop_reason = "deadline"
            self._interrupt()
        elif self._failure is None:
            self._failure = self._wrong_end()
        try:
            self._registry.end(self._start.owner, self._start.stream_id, self._tally.booking)
            record_stream(self._tally.record())
        except Exception:
            logger.exception("booking the stream failed", extra={**self._ids, **self._tally.booking})
        finally:
            self._outbox.end(self._terminal_parts(in_time))

    def _interrupt(self) -> None:
        try:
            self._model_stream.interrupt()
        except Exception:
            logger.exception("interrupting the model failed", extra=self._ids)

    def _wrong_end(self) -> StreamwaysError | None:
        if self._tally.stop_reason == BLOCKED:
            return ContentBlocked("The answer was stopped by this application's content rules.")
        if self._tally.stop_reason == UNSAID:
            return ModelUnavailable("The model's answer broke off. Please try again.")
        return None

    def _terminal_parts(self, in_time: bool) -> list[parts.Part]:
        if in_time and self._failure is not None:
            return parts.failure(self._failure, self._tally.metadata)
        return [parts.finish(self._tally.finish_reason, self._tally.metadata)]

    @property
    def _ids(self) -> dict[str, str]:
        return {"streamId": self._start.stream_id, "correlation_id": self._start.correlation_id}


def _parts(event: ModelEvent, opened: set[str]) -> list[parts.Part]:
    """The parts that tell an event of the model; a block is opened by its first delta."""
    if isinstance(event, Delta):
        block = f"{event.kind}-{event.block}"
        is_text = event.kind == "text"
        delta = parts.text_delta(block, event.text) if is_text else parts.reasoning_delta(block, event.text)
        if block in opened:
            return [delta]
        opened.add(block)
        return [parts.text_start(block) if is_text else parts.reasoning_start(block), delta]
    if isinstance(event, BlockEnd):
        return [
            {"type": f"{kind}-end", "id": f"{kind}-{event.block}"}
            for kind in ("text", "reasoning")
            if f"{kind}-{event.block}" in opened
        ]
    return []
