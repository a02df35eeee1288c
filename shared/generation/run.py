"""Runs one stream: reads the model on a thread, beats on another, and ends it, booked, whatever anybody waits for.

    model events ──(reader)──► parts ──► outbox ──► whoever delivers
                                           └──────► journal (a writer of its own)
    end of the model, failure, deadline, cancel, successor ──(supervisor)──► seal → book → journal → record → release

Nothing waits for the model but the reader, and nothing for the client but the delivery: to end a stream the model's
connection is shut down, and what nobody has taken is numbered and journaled all the same. The journal is closed and the
stream booked before the last part is handed out, because Lambda may freeze right after it is delivered. A table that
hangs is waited for `SETTLE_SECONDS` at the most, then the last part is handed out all the same. The journal may lack it
for good: its readers are not told that they have all. Or the record may not have ended: that is left to the reaper.
"""

import threading
import time
from collections.abc import Sequence
from typing import Literal

from shared.contract.limits import DEADLINE_MARGIN_SECONDS
from shared.errors import ContentBlocked, Internal, ModelUnavailable, StreamwaysError
from shared.generation.outbox import Outbox, OutboxClosed
from shared.generation.translation import PartTranslator
from shared.generation.usage_meter import UsageMeter
from shared.models.events import Model
from shared.protocol import parts
from shared.protocol.parts import SequencedPart
from shared.streams.answer import Answer
from shared.streams.heartbeat import Heartbeat
from shared.streams.journal import Journal
from shared.streams.metrics import record_stream
from shared.streams.repository import StreamRepository
from shared.streams.start import StreamStart
from shared.streams.usage_record import UsageRecord
from shared.telemetry.log import logger

HANG_UP_SECONDS = 1.0
"""How long the reader is waited for after an interruption: a frozen environment would keep the model's line open."""
DELIVERY_SECONDS = 1.0
"""What of the margin is left for delivering the end."""
SETTLE_SECONDS = 6.0
"""How long the end of a stream may wait for the table, if the function has the time."""
LEAST_STEP_SECONDS = 0.5
BLOCKED = "guardrail_intervened"

Cause = Literal["model", "deadline", "cancelled", "superseded", "lost"]
"""What ends a stream: the model (it came to its end, or failed), the time, its user, a newer start in its chat; or
another has ended it, who took its worker for dead."""


class StreamRun:
    """One stream that is claimed and runs. `ends_at` is when the function's time is over, as `time.monotonic()`;
    `min_interval`: see Outbox."""

    def __init__(
        self,
        start: StreamStart,
        *,
        model: Model,
        repository: StreamRepository,
        ends_at: float,
        min_interval: float = 0.0,
    ) -> None:
        self._start = start
        self._model_id = model.model_id
        self._repository = repository
        self._ends_at = ends_at
        self._deadline = ends_at - DEADLINE_MARGIN_SECONDS
        self._model_stream = model.stream(start.messages, start.max_output_tokens, deadline=self._deadline)
        self._meter = UsageMeter()
        self._answer = Answer()
        self._journal = Journal(repository.table, start.owner, start.stream_id, on_lost=self._lose)
        self._outbox = Outbox(min_interval=min_interval, on_numbered=self._keep)
        self._heartbeat = Heartbeat(
            repository, start, model=model.model_id, usage=self._meter.usage, on_end=self._end_by
        )
        self._ending = threading.Lock()
        self._over = threading.Event()
        self._cause: Cause | None = None
        self._failure: StreamwaysError | None = None
        self._lost = threading.Event()
        self._read = threading.Event()
        """Set while nobody reads the model."""
        self._supervisor = threading.Thread(target=self._supervise, name="supervisor", daemon=True)

    def begin(self) -> None:
        """Starts to read the model; the first parts are in the outbox when this returns."""
        self._put_start()
        self._outbox.put(parts.start_step())
        self._meter.ask(self._start.messages)
        threading.Thread(target=self._read_model, name="model", daemon=True).start()
        self._heartbeat.begin()
        self._supervisor.start()

    def begin_ended(self, by: Literal["cancelled", "superseded"] | StreamwaysError) -> None:
        """Ends the stream before it has begun: the model is not asked, but the end is told, journaled and booked."""
        self._put_start()
        if isinstance(by, StreamwaysError):
            self._failure = by
        self._read.set()
        self._end_by("model" if isinstance(by, StreamwaysError) else by)
        self._supervisor.start()

    def take(self, timeout: float | None = None, most: int | None = None) -> list[SequencedPart] | None:
        """What there is to deliver: see `Outbox.take`."""
        return self._outbox.take(timeout, most)

    def detached(self) -> None:
        """Nobody receives the stream any more; it goes on."""
        self._outbox.detached()

    def drain(self) -> None:
        """Takes, for nobody, what comes until the end."""
        self.detached()
        while self._outbox.take() is not None:
            pass

    def join(self) -> None:
        """Waits until the stream is booked and its last part is in the outbox."""
        self._supervisor.join()

    def _put_start(self) -> None:
        self._outbox.put(parts.start(self._start.message_id, self._start.stream_id))

    def _keep(self, batch: Sequence[SequencedPart]) -> None:
        self._journal.append(batch)
        self._answer.observe(batch)

    def _read_model(self) -> None:
        translator = PartTranslator()
        try:
            for event in self._model_stream:
                self._meter.observe(event)
                for part in translator.tell(event):
                    self._outbox.put(part)
        except OutboxClosed:
            pass
        except StreamwaysError as error:
            logger.warning("the model failed", extra={**self._ids, "code": error.code, "reason": error.reason})
            self._failure = error
        except Exception:
            logger.exception("reading the model failed", extra=self._ids)
            self._failure = Internal()
        finally:
            self._read.set()
            self._end_by("model")

    def _end_by(self, cause: Cause) -> None:
        """The first cause is the one that counts."""
        with self._ending:
            self._cause = self._cause or cause
        self._over.set()

    def _lose(self) -> None:
        self._lost.set()
        self._outbox.abandon()
        self._end_by("lost")

    def _supervise(self) -> None:
        while not self._over.wait(min(self._outbox.number_waiting(), self._deadline - time.monotonic())):
            if time.monotonic() >= self._deadline:
                self._end_by("deadline")
        try:
            self._end()
        except Exception:
            logger.exception("ending the stream failed", extra=self._ids)
        finally:
            self._heartbeat.stop()
            self._outbox.release()

    def _end(self) -> None:
        self._outbox.seal()
        if self._cause != "model":
            self._hang_up()
        usage_record, last = None, parts.failure(Internal(), {"streamId": self._start.stream_id})
        try:
            usage_record, last = self._settle()
        except Exception:
            logger.exception("settling the stream failed", extra=self._ids)
        self._outbox.end(last)
        # A journal that could not be closed has said so in the log. The stream ends without it: its readers miss the
        # terminal part there, and so are not told that they have all.
        self._journal.close(time.monotonic() + self._time_for_the_table())
        self._heartbeat.stop()  # no sooner: who watches it takes a silent stream for dead
        if self._lost.is_set():
            logger.error("the stream was ended by another", extra=self._ids)
        elif usage_record is not None:
            self._book_in_time(usage_record)

    def _settle(self) -> tuple[UsageRecord, list[parts.Part]]:
        """The stream's usage record, and the parts that end it."""
        failure = (self._failure or self._wrong_end()) if self._cause == "model" else None
        stop_reason = failure.code if failure else self._meter.stop_reason if self._cause == "model" else self._cause
        usage_record = self._meter.settle(self._model_id, str(stop_reason), failure)
        metadata = usage_record.metadata(self._start.stream_id)
        if failure is not None:
            return usage_record, parts.failure(failure, metadata)
        if self._cause in ("cancelled", "superseded"):
            return usage_record, [parts.message_metadata(metadata), parts.abort(self._cause)]
        return usage_record, [parts.finish(usage_record.finish_reason, metadata)]

    def _wrong_end(self) -> StreamwaysError | None:
        if self._meter.stop_reason == BLOCKED:
            return ContentBlocked("The answer was stopped by this application's content rules.")
        if self._meter.stop_reason is None:
            return ModelUnavailable("The model's answer broke off. Please try again.")
        return None

    def _hang_up(self) -> None:
        try:
            self._model_stream.interrupt()
        except Exception:
            logger.exception("interrupting the model failed", extra=self._ids)
        self._read.wait(HANG_UP_SECONDS)

    def _book_in_time(self, usage_record: UsageRecord) -> None:
        """Ends the stream in the table, and waits for it as long as there is time: a table may hang."""
        booked = threading.Thread(target=self._book, args=[usage_record], name="usage_record", daemon=True)
        booked.start()
        booked.join(self._time_for_the_table())
        if booked.is_alive():
            logger.error("usage_record takes too long", extra={**self._ids, **usage_record.to_json()})

    def _book(self, usage_record: UsageRecord) -> None:
        """Who has ended the stream counts it: as long as it is open, that may be the reaper."""
        try:
            ended = self._repository.end(
                self._start, usage_record.to_json(), self._answer.parts(), holds_lease=self._cause != "superseded"
            )
        except Exception:
            logger.exception("usage_record the stream failed", extra={**self._ids, **usage_record.to_json()})
            return
        if not ended:
            logger.error("the stream was ended by another", extra=self._ids)
            return
        try:
            record_stream(usage_record, self._ids)
        except Exception:
            logger.exception("recording the stream failed", extra=self._ids)

    def _time_for_the_table(self) -> float:
        """How long a step of the settlement may take, in seconds; there are two of them."""
        time_left = self._ends_at - DELIVERY_SECONDS - time.monotonic()
        return max(LEAST_STEP_SECONDS, min(SETTLE_SECONDS, time_left) / 2)

    @property
    def _ids(self) -> dict[str, str]:
        return {"streamId": self._start.stream_id, "correlation_id": self._start.correlation_id}
