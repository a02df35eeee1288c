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
from shared.stream.booking import Booking
from shared.stream.outbox import Outbox, OutboxSealed
from shared.stream.registry import StreamRegistry
from shared.stream.start import StreamStart
from shared.stream.tally import Tally
from shared.telemetry.log import logger
from shared.telemetry.record import record_stream

DEADLINE_MARGIN_SECONDS = 3.0
"""What is kept of a function's time to book the stream and deliver its end."""
HANG_UP_SECONDS = 1.0
"""How long the reader is waited for after an interruption: a frozen environment would keep the model's line open."""
DELIVERY_SECONDS = 1.0
"""What of the margin is left for delivering the end."""
LEAST_BOOKING_SECONDS = 1.0
DEADLINE = "deadline"
BLOCKED = "guardrail_intervened"


class StreamRun:
    """One stream that is claimed and runs. `ends_at` is when the function's time is over, as `time.monotonic()`."""

    def __init__(
        self, start: StreamStart, *, model: Model, registry: StreamRegistry, outbox: Outbox, ends_at: float
    ) -> None:
        self._start = start
        self._model_id = model.model_id
        self._registry = registry
        self._outbox = outbox
        self._ends_at = ends_at
        self._deadline = ends_at - DEADLINE_MARGIN_SECONDS
        self._model_stream = model.stream(start.request.messages, start.max_output_tokens, deadline=self._deadline)
        self._tally = Tally(start.request.messages)
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
            logger.warning("the model failed", extra={**self._ids, "code": error.code, "reason": error.reason})
            self._failure = error
        except Exception:
            logger.exception("reading the model failed", extra=self._ids)
            self._failure = Internal()
        finally:
            self._read.set()

    def _supervise(self) -> None:
        in_time = self._read.wait(self._deadline - time.monotonic())
        self._outbox.seal()
        last = parts.failure(Internal(), {"streamId": self._start.stream_id})
        try:
            last = self._settle(in_time)
        except Exception:
            logger.exception("settling the stream failed", extra=self._ids)
        finally:
            self._outbox.end(last)

    def _settle(self, in_time: bool) -> list[parts.Part]:
        """Books the stream; the parts that end it."""
        if in_time:
            failure = self._failure or self._wrong_end()
            stop_reason = failure.code if failure else str(self._tally.stop_reason)
        else:
            self._hang_up()
            failure, stop_reason = None, DEADLINE
        booking = self._tally.settle(self._model_id, stop_reason, failure)
        self._book_in_time(booking)
        metadata = booking.metadata(self._start.stream_id)
        return parts.failure(failure, metadata) if failure else [parts.finish(booking.finish_reason, metadata)]

    def _hang_up(self) -> None:
        try:
            self._model_stream.interrupt()
        except Exception:
            logger.exception("interrupting the model failed", extra=self._ids)
        self._read.wait(HANG_UP_SECONDS)

    def _book_in_time(self, booking: Booking) -> None:
        """Books, and waits for it as long as there is time left to deliver the end: a table may hang."""
        booked = threading.Thread(target=self._book, args=[booking], name="booking", daemon=True)
        booked.start()
        time_left = self._ends_at - DELIVERY_SECONDS - time.monotonic()
        booked.join(max(LEAST_BOOKING_SECONDS, time_left))
        if booked.is_alive():
            logger.error("booking takes too long", extra={**self._ids, **booking.to_json()})

    def _book(self, booking: Booking) -> None:
        """Keeps what was used, in the log at the least."""
        try:
            record_stream(booking, self._ids)
        except Exception:
            logger.exception("recording the stream failed", extra=self._ids)
        try:
            if not self._registry.end(self._start.owner, self._start.stream_id, booking.to_json()):
                logger.error("the stream was ended by another", extra=self._ids)
        except Exception:
            logger.exception("booking the stream failed", extra=self._ids)

    def _wrong_end(self) -> StreamwaysError | None:
        if self._tally.stop_reason == BLOCKED:
            return ContentBlocked("The answer was stopped by this application's content rules.")
        if self._tally.stop_reason is None:
            return ModelUnavailable("The model's answer broke off. Please try again.")
        return None

    @property
    def _ids(self) -> dict[str, str]:
        return {"streamId": self._start.stream_id, "correlation_id": self._start.correlation_id}


def _parts(event: ModelEvent, opened: set[str]) -> list[parts.Part]:
    """The parts that tell an event of the model; a block is opened by its first delta."""
    if isinstance(event, Delta):
        block = f"{event.kind}-{event.block}"
        delta = parts.block_delta(event.kind, block, event.text)
        if block in opened:
            return [delta]
        opened.add(block)
        return [parts.block_start(event.kind, block), delta]
    if isinstance(event, BlockEnd):
        return [
            parts.block_end(kind, block) for kind in parts.BLOCK_KINDS if (block := f"{kind}-{event.block}") in opened
        ]
    return []
