"""Sinks: told of each stream and each unexpected error, without a word of a user, and never waited for too long."""

import threading
import time
from collections.abc import Callable, Iterator

import pytest

from shared.streams import metrics
from shared.telemetry import reports as module
from shared.telemetry.events import Event, Sink, StreamEnded, UnexpectedError
from shared.telemetry.log import logger
from shared.telemetry.reports import MOST_WAITING, Reports, finished_within, reports_of
from shared.telemetry.sinks import SINKS
from tests.support.aws import Table
from tests.support.logs import Logs
from tests.support.models import ScriptedModel, spoken
from tests.support.outboxes import drain
from tests.support.runs import begun, parts_of
from tests.support.server import WAIT_SECONDS
from tests.support.services import lambda_context
from tests.support.starts import STREAM

BRIEFLY = 0.05
"""How long something is watched that must not happen."""
FAILED = UnexpectedError("pr-7", "websocket", "the request failed", "builtins.KeyError", (), {})
Telling = Callable[..., Reports]


@pytest.fixture
def telling(monkeypatch: pytest.MonkeyPatch) -> Iterator[Telling]:
    """Makes reports to these sinks, of the streams of the test and of what its code logs."""
    made: list[Reports] = []

    def tell(*sinks: Sink) -> Reports:
        made.append(reports_of(sinks))
        monkeypatch.setattr(metrics, "reports", made[-1])
        return made[-1]

    yield tell
    for each in made:
        logger._logger.removeHandler(each)


def kept(telling: Telling) -> tuple[list[Event], Reports]:
    events: list[Event] = []
    return events, telling(events.append)


def test_nobody_is_told_unless_a_sink_is_named() -> None:
    assert list(SINKS) == []
    assert module.reports.before_the_end(handler) is handler
    assert module.reports not in logger.handlers


def handler(_event: object, _context: object) -> str:
    return "answer"


def test_a_stream_is_told_once_without_a_word_of_it(table: Table, telling: Telling) -> None:  # noqa: ARG001
    events, reports = kept(telling)
    parts_of(ScriptedModel(*spoken("Rayleigh ", "scattering")))
    reports.finish(WAIT_SECONDS)
    [told] = events
    assert isinstance(told, StreamEnded)
    assert (told.stack, told.model, told.stop_reason) == ("pr-7", "amazon.nova-lite-v1:0", "end_turn")
    assert (told.failed, told.reaped, told.input_tokens, told.output_tokens) == (False, False, 11, 7)
    assert told.ids == {"streamId": STREAM, "correlation_id": "correlation-1"}
    assert "Rayleigh" not in repr(told)
    assert "sky" not in repr(told)


def test_an_unexpected_error_is_told_by_its_class_and_its_lines_and_never_by_its_text(telling: Telling) -> None:
    events, reports = kept(telling)
    try:
        raise ValueError("why is the sky blue?")
    except ValueError:
        logger.exception("reading the model failed", extra={"streamId": STREAM, "prompt": "why is the sky blue?"})
    logger.error("ending the stream takes too long", extra={"streamId": STREAM})
    reports.finish(WAIT_SECONDS)
    [told] = events
    assert isinstance(told, UnexpectedError)
    assert (told.message, told.error) == ("reading the model failed", "builtins.ValueError")
    assert told.ids == {"streamId": STREAM}
    assert told.frames[-1].file == __file__
    assert told.frames[-1].function.startswith("test_an_unexpected_error")
    assert "sky" not in repr(told)


def test_an_error_of_a_stream_is_told_with_its_stream(table: Table, telling: Telling) -> None:  # noqa: ARG001
    events, reports = kept(telling)
    parts_of(ScriptedModel(ZeroDivisionError("why is the sky blue?")))
    reports.finish(WAIT_SECONDS)
    errors = [event for event in events if isinstance(event, UnexpectedError)]
    assert [error.error for error in errors] == ["builtins.ZeroDivisionError"]
    assert errors[0].ids["streamId"] == STREAM
    assert [event.failed for event in events if isinstance(event, StreamEnded)] == [True]
    assert "sky" not in repr(events)


def test_a_sink_that_hangs_delays_no_stream_and_no_invocation_beyond_its_bound(table: Table, telling: Telling) -> None:  # noqa: ARG001
    free, others = threading.Event(), list[Event]()
    reports = telling(lambda _: free.wait(WAIT_SECONDS), others.append)
    told = drain(begun(ScriptedModel(*spoken("Hi"))))
    assert told[-1]["type"] == "finish"
    began = time.monotonic()
    reports.finish(BRIEFLY)
    assert BRIEFLY <= time.monotonic() - began < WAIT_SECONDS / 2
    assert len(others) == 1, "another sink waits for none"
    free.set()
    reports.finish(WAIT_SECONDS)


def test_a_sink_that_raises_fails_nothing_and_is_logged_once_without_its_text(
    table: Table,  # noqa: ARG001
    telling: Telling,
    logs: Logs,
) -> None:
    def broken(_: Event) -> None:
        raise OSError("https://KEY@sink.example refused")

    others: list[Event] = []
    reports = telling(broken, others.append)
    parts_of(ScriptedModel(*spoken("Hi")))
    reports.tell(FAILED)
    reports.finish(WAIT_SECONDS)
    [line] = logs.lines("a sink failed")
    assert (line["level"], line["error"]) == ("WARNING", "OSError")
    assert "broken" in line["sink"]
    assert "KEY" not in logs.text
    assert len(others) == 2


def test_what_a_slow_sink_cannot_take_is_dropped_and_said_once(telling: Telling, logs: Logs) -> None:
    free, taken, count = threading.Event(), threading.Event(), list[Event]()

    def slow(event: Event) -> None:
        count.append(event)
        taken.set()
        free.wait(WAIT_SECONDS)

    reports = telling(slow)
    reports.tell(FAILED)
    assert taken.wait(WAIT_SECONDS)
    for _ in range(MOST_WAITING + 5):
        reports.tell(FAILED)
    free.set()
    reports.finish(WAIT_SECONDS)
    assert len(count) == 1 + MOST_WAITING
    assert len(logs.lines("a sink is too slow, and is not told everything")) == 1


def test_a_handler_returns_when_its_sinks_are_told(telling: Telling) -> None:
    free, told = threading.Event(), list[Event]()

    def sink(event: Event) -> None:
        assert free.wait(WAIT_SECONDS)
        told.append(event)

    reports = telling(sink)

    @reports.before_the_end
    def work(_event: object, _context: object) -> str:
        reports.tell(FAILED)
        threading.Timer(BRIEFLY, free.set).start()
        return "answer"

    assert work({}, lambda_context()) == "answer"
    assert told == [FAILED]


def test_an_exception_that_ends_a_function_is_told_and_raised(telling: Telling) -> None:
    events, reports = kept(telling)

    @reports.before_the_end
    def work(_event: object, _context: object) -> str:
        raise KeyError("stream")

    with pytest.raises(KeyError):
        work({}, lambda_context())
    [told] = events
    assert isinstance(told, UnexpectedError)
    assert (told.message, told.error) == ("the function failed", "builtins.KeyError")


@pytest.mark.parametrize(("left", "seconds"), [(60.0, 1.0), (1.2, 0.7), (0.4, 0.0), (-3.0, 0.0)])
def test_sinks_get_a_second_or_what_is_left_of_the_functions_time(left: float, seconds: float) -> None:
    assert finished_within(time.monotonic() + left) == pytest.approx(seconds, abs=0.05)
