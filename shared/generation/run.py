"""Runs one stream: a thread reads the model, another renews the lease, and a supervisor ends the stream, settled.

    model events ──(reader)──► parts ──► outbox ──► the caller of `take`, who delivers
                                           └──────► journal (a writer of its own)
    end of the model, failure, deadline, cancel, successor ──(supervisor)──► close → settle → finish

Only the reader waits for the model, and only the delivery waits for the client. To end a stream, the supervisor cancels
the model's connection; parts that nobody has taken are numbered and journaled all the same. The journal is closed and
the stream settled before the last part is handed out, because Lambda may freeze right after that part is delivered. If
the table hangs, the last part is handed out when the settlement's time is over. Then the journal may lack that part for
good, and its readers are not told that they have all; or the record has not ended, which is left to the reaper.
"""

import threading
import time
from collections.abc import Sequence
from dataclasses import replace
from typing import Literal

from shared.contract.limits import DEADLINE_MARGIN_SECONDS, KEEP_ALIVE_SECONDS
from shared.errors import Internal, StreamwaysError
from shared.generation.end_signal import Cause, EndSignal
from shared.generation.journal_writer import JournalWriter
from shared.generation.outbox import Outbox, OutboxClosed
from shared.generation.outcome import Outcome, outcome
from shared.generation.settlement import Settlement
from shared.generation.translation import PartTranslator
from shared.generation.usage_meter import UsageMeter
from shared.models.events import Model
from shared.protocol import parts
from shared.protocol.parts import SequencedPart, is_terminal
from shared.streams.answer import Answer
from shared.streams.heartbeat import Heartbeat
from shared.streams.repository import StreamRepository
from shared.streams.start import StreamStart
from shared.telemetry.log import logger

INTERRUPT_SECONDS = 1.0
"""How long the reader is waited for after an interruption: a frozen environment would keep the model's connection."""


class StreamRun:
    """One stream that is claimed and runs: a source of parts, see `PartSource`.

    `ends_at` is when the function's time is over, as `time.monotonic()`. `min_interval`: see Outbox. `parts_at_once` is
    how many parts one call of the transport brings, if that is bounded: parts that wait meanwhile merge.
    """

    def __init__(
        self,
        start: StreamStart,
        *,
        model: Model,
        repository: StreamRepository,
        ends_at: float,
        min_interval: float = 0.0,
        parts_at_once: int | None = None,
    ) -> None:
        self.complete = False
        self._start = start
        self._deadline = ends_at - DEADLINE_MARGIN_SECONDS
        self._parts_at_once = parts_at_once
        self._model_stream = model.stream(start.messages, start.max_output_tokens, deadline=self._deadline)
        self._meter = UsageMeter(model.model_id)
        self._answer = Answer()
        self._journal = JournalWriter(repository.table, start.owner, start.stream_id, on_lost=self._lose)
        self._outbox = Outbox(min_interval=min_interval, on_numbered=self._keep)
        self._heartbeat = Heartbeat(repository.leases, start, self._meter, on_end=self._ends)
        self._settlement = Settlement(repository, start, ends_at)
        self._end_signal = EndSignal()
        self._failure: StreamwaysError | None = None
        self._lost = threading.Event()
        self._model_is_read = threading.Event()
        self._model_is_read.set()
        """Cleared while the reader is at work."""
        self._supervisor = threading.Thread(target=self._supervise, name="supervisor", daemon=True)

    def begin(self) -> None:
        """Starts to read the model; the first parts are in the outbox when this returns."""
        self._put_start()
        self._outbox.put(parts.start_step())
        self._meter.model_called(self._start.messages)
        self._model_is_read.clear()
        threading.Thread(target=self._read_model, name="model", daemon=True).start()
        self._heartbeat.begin()
        self._supervisor.start()

    def begin_ended(self, by: Literal["cancelled", "superseded"] | StreamwaysError) -> None:
        """Ends the stream before it has begun: the model is not asked, but the end is told, journaled and settled."""
        self._put_start()
        if isinstance(by, StreamwaysError):
            self._failure = by
            self._ends("model")
        else:
            self._ends(by)
        self._supervisor.start()

    def take(self) -> list[SequencedPart] | None:
        """The parts to deliver next, `[]` after KEEP_ALIVE_SECONDS without any, None when the stream is over."""
        batch = self._outbox.take(KEEP_ALIVE_SECONDS, self._parts_at_once)
        self.complete = self.complete or (bool(batch) and is_terminal(batch[-1].part))
        return batch

    def detach(self) -> None:
        """Nobody receives the stream any more. It goes on: a hang-up is not a cancel."""
        self._outbox.detach()

    def join(self) -> None:
        """Waits until the stream is settled and its last part is in the outbox."""
        self._supervisor.join()

    def _put_start(self) -> None:
        self._outbox.put(parts.start(self._start.message_id, self._start.stream_id))

    def _keep(self, batch: Sequence[SequencedPart]) -> None:
        self._journal.append(batch)
        self._answer.observe(batch)

    def _ends(self, cause: Cause) -> None:
        self._end_signal.end(cause)

    def _lose(self) -> None:
        self._lost.set()
        self._outbox.discard()
        self._ends("lost")

    def _read_model(self) -> None:
        translator = PartTranslator()
        ids = self._start.log_ids
        try:
            for event in self._model_stream:
                self._meter.observe(event)
                for part in translator.translate(event):
                    self._outbox.put(part)
        except OutboxClosed:
            pass
        except StreamwaysError as error:
            logger.warning("the model failed", extra={**ids, "code": error.code, "reason": error.reason})
            self._failure = error
        except Exception:
            logger.exception("reading the model failed", extra=ids)
            self._failure = Internal()
        finally:
            self._model_is_read.set()
            self._ends("model")

    def _supervise(self) -> None:
        while not self._end_signal.wait(min(self._outbox.number_waiting(), self._deadline - time.monotonic())):
            if time.monotonic() >= self._deadline:
                self._ends("deadline")
        try:
            self._end()
        except Exception:
            logger.exception("ending the stream failed", extra=self._start.log_ids)
        finally:
            self._heartbeat.stop()
            self._outbox.finish()

    def _end(self) -> None:
        cause = self._end_signal.cause
        self._outbox.close()
        if cause != "model":
            self._interrupt_model()
        found = self._outcome(cause)
        self._outbox.end(found.last_parts if found else parts.failure(Internal(), {"streamId": self._start.stream_id}))
        self._settlement.close(self._journal)
        self._heartbeat.stop()  # no sooner: the reaper takes a silent stream for dead
        if self._lost.is_set():
            logger.error("the stream was ended by another", extra=self._start.log_ids)
        elif found is not None:
            usage = replace(found.usage, delivery_lag_ms=self._outbox.lag_ms())
            self._settlement.end(usage, self._answer, holds_lease=cause != "superseded")

    def _interrupt_model(self) -> None:
        try:
            self._model_stream.interrupt()
        except Exception:
            logger.exception("interrupting the model failed", extra=self._start.log_ids)
        self._model_is_read.wait(INTERRUPT_SECONDS)

    def _outcome(self, cause: Cause | None) -> Outcome | None:
        try:
            return outcome(self._start.stream_id, cause, self._failure, self._meter)
        except Exception:
            logger.exception("the outcome of the stream is not known", extra=self._start.log_ids)
            return None
