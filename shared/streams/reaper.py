"""Ends streams whose worker died: the terminal part into the journal, the record ended, the lease freed, once.

A failed event says little: it may be a duplicate, and a worker may be at work on another delivery of it. Lambda's
request id does not tell them apart. So a stream that a worker has claimed is probed, and judged by whether its
heartbeat answers. A worker that lives, but was taken for dead, loses its next write of the journal and stops; a worker
that was quicker keeps its stream.
"""

import secrets
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Self, cast

from shared.contract.parts import DELTAS
from shared.errors import Busy, Internal, StreamCancelled, StreamwaysError
from shared.models.events import Usage, estimate_tokens
from shared.protocol import parts
from shared.protocol.parts import REAPER_EPOCH, OpenBlocks, SequencedPart, is_terminal
from shared.streams.answer import Answer
from shared.streams.heartbeat import INTERVAL_SECONDS
from shared.streams.journal import JournalReader, journal_put
from shared.streams.metrics import record_stream
from shared.streams.records import OpenStream
from shared.streams.repository import StreamRepository
from shared.streams.start import Architecture, StreamStart
from shared.streams.usage_record import UsageRecord
from shared.table.client import ConditionFailed
from shared.table.patience import Patience
from shared.telemetry.log import logger

SILENT_SECONDS = 3 * INTERVAL_SECONDS
"""A claimed stream whose lease has not moved for so long after a probe has lost its worker. The next look and the
renewal that answers take less, also when nothing is heard of one of them."""
LOOK_SECONDS = 0.5
"""How often the lease is looked at meanwhile."""
BROKEN_OFF = "The answer broke off. Please try again."
WRITE_SECONDS = 10.0
"""How long the reaper tries to write the terminal part; the next sweep comes in a minute."""


@dataclass(frozen=True)
class Reaped:
    """A stream that was ended, for whoever can tell its client."""

    open: OpenStream
    terminal: list[SequencedPart]
    """The parts that end it, numbered as the journal has them."""
    error: StreamwaysError
    """What a client is told if it cannot be given these parts."""


class _Journaled:
    """What the journal has of a stream."""

    def __init__(self, reader: JournalReader, owner: str, stream_id: str) -> None:
        self.answer = Answer()
        self.blocks = OpenBlocks()
        self.next = 0
        self.ending: list[SequencedPart] = []
        """The parts after the last delta, of one epoch: a reaper may have written the end, and not have booked it."""
        while page := reader.page(owner, stream_id, self.next):
            self.answer.observe(page)
            for numbered in page:
                self.blocks.observe(numbered.part)
                self._observe_end(numbered)
            self.next += len(page)

    def _observe_end(self, numbered: SequencedPart) -> None:
        is_delta = numbered.part["type"] in DELTAS
        if is_delta or (self.ending and self.ending[-1].epoch != numbered.epoch):
            self.ending.clear()
        if not is_delta:
            self.ending.append(numbered)

    @property
    def ended(self) -> bool:
        """Whether only the record does not know it yet."""
        return bool(self.ending) and is_terminal(self.ending[-1].part)

    def usage_record(self) -> UsageRecord | None:
        """What the parts that ended it say; None when it has not ended, or they do not say."""
        for numbered in reversed(self.ending if self.ended else []):
            metadata = cast("Mapping[str, Any]", numbered.part.get("messageMetadata", {}))
            if "usage" in metadata:
                return UsageRecord.of_metadata(metadata)
        return None


@dataclass(frozen=True)
class Reaper:
    """Ends the streams that nobody ends any more."""

    repository: StreamRepository
    journal: JournalReader
    clock: Callable[[], float] = time.monotonic
    pause: Callable[[float], None] = time.sleep

    @classmethod
    def from_environment(cls) -> Self:
        """The table named by `STREAMS_TABLE`."""
        return cls(StreamRepository.from_environment(), JournalReader.from_environment())

    def reap(self, dead: OpenStream) -> Reaped | None:
        """Ends this stream; None when another has ended it, or its worker lives and has written on."""
        said = _Journaled(self.journal, dead.owner, dead.stream_id)
        stopped = self.repository.was_cancelled(dead)
        error = StreamCancelled("The answer was stopped.") if stopped else Internal(BROKEN_OFF)
        usage_record = said.usage_record() or self._usage_record(dead, said, "cancelled" if stopped else error.code)
        terminal = said.ending if said.ended else _terminal(dead, said, usage_record, None if stopped else error)
        if not said.ended and not self._write(dead, terminal):
            return None
        if not self.repository.end(dead, usage_record, said.answer.parts(), holds_lease=dead.holds_lease):
            return None
        try:
            record_stream(usage_record, {"streamId": dead.stream_id}, reaped=True)
        except Exception:  # it has ended for good: its client waits to be told
            logger.exception("recording the stream failed", extra={"streamId": dead.stream_id})
        return Reaped(dead, terminal, error)

    def of_event(self, event: Mapping[str, object]) -> Reaped | None:
        """Ends the stream of a worker's event whose invocation failed; None when there is nothing to end."""
        if "stream" not in event:  # a reader's
            return None
        start = StreamStart.from_json(cast("Mapping[str, Any]", event["stream"]))
        found = self._open(start)
        dead = found if found is None or self._taken(start, found) else self._silent(start, found)
        return dead and self.reap(dead)

    def sweep(self, architecture: Architecture) -> Iterator[Reaped]:
        """Ends the streams of this architecture whose lease has run out. One that cannot be ended keeps no other."""
        for dead in self.repository.open_streams(architecture):
            try:
                reaped = self.reap(dead)
            except Exception:
                logger.exception("a stream could not be ended", extra={"streamId": dead.stream_id})
                continue
            if reaped is not None:
                yield reaped

    def _open(self, start: StreamStart) -> OpenStream | None:
        return self.repository.open_stream(start.owner, start.stream_id, start.fencing_token)

    def _taken(self, start: StreamStart, dead: OpenStream) -> bool:
        """Takes a stream that nobody has claimed: from now on no delivery of its event runs it."""
        return not dead.claimed and self.repository.claim(start) != "taken"

    def _silent(self, start: StreamStart, watched: OpenStream) -> OpenStream | None:
        """The stream as it is after the watch, if the worker that has claimed it does not answer a probe.

        A superseded stream has no lease and no heartbeat: its worker ends it, or the lease that it had runs out.
        """
        if watched.holds_lease:
            self.repository.leases.probe(watched)
        until = self.clock() + (SILENT_SECONDS if watched.holds_lease else watched.lease_expires_at - time.time())
        while True:
            self.pause(LOOK_SECONDS)
            over = self.clock() >= until  # before the look: a slow one says what was, and not what is
            found = self._open(start)
            if found is None:
                return None
            if found.holds_lease != watched.holds_lease:
                return self._silent(start, found)
            if found.lease_expires_at != watched.lease_expires_at:
                return None
            if over:
                return found

    def _usage_record(self, dead: OpenStream, said: _Journaled, stop_reason: str) -> UsageRecord:
        """What its last renewal told, or what the journal shows if that is more."""
        told = dead.usage or Usage(0, 0)
        shown = estimate_tokens(said.answer.characters)
        record = self.repository.record(dead.owner, dead.stream_id)
        return UsageRecord(
            model=dead.model or "unknown",
            stop_reason=stop_reason,
            usage=Usage(told.input_tokens, max(told.output_tokens, shown), estimated=True),
            first_text_ms=None,
            total_ms=round((time.time() - record.started_at) * 1000, 1) if record else 0.0,
            tokens_per_second=None,
        )

    def _write(self, dead: OpenStream, terminal: list[SequencedPart]) -> bool:
        """Puts the end at the journal's next key; False when that key was taken, or the table does not answer."""
        write = journal_put(dead.owner, dead.stream_id, terminal, secrets.token_hex(8))
        try:
            self.repository.table.write(write, Patience(WRITE_SECONDS))
        except ConditionFailed:
            return False
        except Busy:
            logger.exception("the end could not be written", extra={"streamId": dead.stream_id})
            return False
        return True


def _terminal(
    dead: OpenStream, said: _Journaled, usage_record: UsageRecord, error: StreamwaysError | None
) -> list[SequencedPart]:
    """The parts that end it: as a failure, or without an error as the stop that its user has asked for."""
    opening = [] if said.next else [parts.start(dead.message_id, dead.stream_id)]
    metadata = usage_record.metadata(dead.stream_id)
    told = parts.failure(error, metadata) if error else [parts.message_metadata(metadata), parts.abort("cancelled")]
    last = [*opening, *said.blocks.closing(), *told]
    return [SequencedPart(sequence, part, REAPER_EPOCH) for sequence, part in enumerate(last, said.next)]
