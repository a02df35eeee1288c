"""Tells the sinks, beside the work: on a thread for each, which is waited for briefly, when the work is done.

Lambda freezes a function when it returns, and a thread of it freezes too. So `finish` comes before the end of each
invocation, but after the last part of a stream. A sink that takes longer goes on in the next invocation, or never.
"""

import functools
import logging
import os
import queue
import threading
import time
import traceback
from collections.abc import Callable, Mapping, Sequence
from typing import Final, TypeVar, cast

from aws_lambda_powertools.utilities.typing import LambdaContext

from shared.contract.environment import Variable
from shared.telemetry.events import Event, Frame, Sink, UnexpectedError
from shared.telemetry.log import logger
from shared.telemetry.sinks import SINKS

FINISH_SECONDS: Final = 1.0
"""The most that an invocation waits for all sinks together."""
MARGIN_SECONDS: Final = 0.5
"""What is kept of the function's time: an end that comes too late is a failure of the whole invocation."""
MOST_WAITING: Final = 100
"""Events that wait for a sink; what comes beyond is dropped."""
ID_FIELDS: Final = ("streamId", "chatId")
"""The fields of a log line that are told, and its correlation id: names, and no text."""

Given = TypeVar("Given")
Context = TypeVar("Context")
Answer = TypeVar("Answer")


class Outlet:
    """One sink with its thread. A sink that raises, or that cannot follow, is logged once in an environment's life."""

    def __init__(self, sink: Sink) -> None:
        self._sink = sink
        self._events: queue.Queue[Event] = queue.Queue(MOST_WAITING)
        self._thread: threading.Thread | None = None
        self._starting = threading.Lock()
        self._complained = False

    def put(self, event: Event) -> None:
        """Never waits and never raises."""
        with self._starting:
            if self._thread is None:
                self._thread = threading.Thread(target=self._tell, name="sink", daemon=True)
                self._thread.start()
        try:
            self._events.put_nowait(event)
        except queue.Full:
            self._complain("a sink is too slow, and is not told everything", None)

    def wait(self, until: float) -> None:
        """Until it has told everything, or until this `time.monotonic()`."""
        with self._events.all_tasks_done:
            while self._events.unfinished_tasks and (left := until - time.monotonic()) > 0:
                self._events.all_tasks_done.wait(left)

    def _tell(self) -> None:
        while True:
            event = self._events.get()
            try:
                self._sink(event)
            except Exception as error:
                self._complain("a sink failed", error)
            finally:
                self._events.task_done()

    def _complain(self, message: str, error: Exception | None) -> None:
        """A warning without the exception: its text may hold the sink's credential, and it would be told to sinks."""
        if not self._complained:
            self._complained = True
            name = getattr(self._sink, "__qualname__", type(self._sink).__qualname__)
            logger.warning(message, extra={"sink": name, "error": type(error).__name__ if error else None})


class Reports(logging.Handler):
    """Tells all sinks, also of each exception that the logger is given."""

    def __init__(self, sinks: Sequence[Sink]) -> None:
        super().__init__(logging.ERROR)
        self._outlets = [Outlet(sink) for sink in sinks]

    def tell(self, event: Event) -> None:
        """Never waits and never raises."""
        for outlet in self._outlets:
            outlet.put(event)

    def finish(self, seconds: float) -> None:
        """Waits until all is told, at most so long."""
        until = time.monotonic() + seconds
        for outlet in self._outlets:
            outlet.wait(until)

    def emit(self, record: logging.LogRecord) -> None:
        """An error without an exception is one that the code expects."""
        if record.exc_info and record.exc_info[1] is not None:
            self.tell(unexpected(str(record.msg), record.exc_info[1], _ids(record)))

    def before_the_end(self, handler: Callable[[Given, Context], Answer]) -> Callable[[Given, Context], Answer]:
        """A Lambda handler that returns, or raises, only when the sinks are told, or their time is over."""
        if not self._outlets:
            return handler

        @functools.wraps(handler)
        def told(event: Given, context: Context) -> Answer:
            left = cast("LambdaContext", context).get_remaining_time_in_millis() / 1000
            ends_at = time.monotonic() + left
            try:
                return handler(event, context)
            except Exception as error:
                self.tell(unexpected("the function failed", error, {}))
                raise
            finally:
                self.finish(finished_within(ends_at))

        return told


def unexpected(message: str, error: BaseException, ids: Mapping[str, str]) -> UnexpectedError:
    """The event of an exception; its text is left out."""
    stack, architecture = place()
    return UnexpectedError(
        stack=stack,
        architecture=architecture,
        message=message,
        error=f"{type(error).__module__}.{type(error).__qualname__}",
        frames=tuple(
            Frame(frame.f_code.co_filename, frame.f_code.co_name, line)
            for frame, line in traceback.walk_tb(error.__traceback__)
        ),
        ids=ids,
    )


def place() -> tuple[str, str]:
    """The stack and the architecture of this function."""
    return os.environ.get(Variable.STACK_NAME, ""), os.environ.get(Variable.ARCHITECTURE, "")


def _ids(record: logging.LogRecord) -> Mapping[str, str]:
    found = {name: getattr(record, name, None) for name in ID_FIELDS}
    found["correlation_id"] = getattr(record, "correlation_id", None) or logger.get_correlation_id()
    return {name: str(value) for name, value in found.items() if value is not None}


def reports_of(sinks: Sequence[Sink]) -> Reports:
    """The reports to these sinks; without a sink nothing listens to the logger."""
    made = Reports(sinks)
    if sinks:
        logger.addHandler(made)
    return made


reports = reports_of(SINKS)


def finished_within(ends_at: float) -> float:
    """How many seconds sinks may take of a function whose time is over then (`time.monotonic()`)."""
    return max(0.0, min(FINISH_SECONDS, ends_at - MARGIN_SECONDS - time.monotonic()))
