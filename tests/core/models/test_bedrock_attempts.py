"""When the model is asked again, and when it is not: over real sockets, with waits that take no time."""

import math
import random
import threading
import time
from collections.abc import Iterator

import pytest

from shared.contract.limits import MODEL_ATTEMPTS
from shared.errors import ModelThrottled, ModelUnavailable, StreamwaysError
from shared.models import bedrock as bedrock_module
from shared.models.bedrock import BedrockModel, BedrockStream
from shared.models.events import Delta
from shared.protocol.request import Message
from tests.support import bedrock
from tests.support.eventstream import exception
from tests.support.listening import Listener
from tests.support.server import WAIT_SECONDS, Answer, LocalServer

PASSING: list[tuple[int, str, type[StreamwaysError]]] = [
    (429, "ThrottlingException", ModelThrottled),
    (429, "ModelNotReadyException", ModelThrottled),
    (503, "ServiceUnavailableException", ModelUnavailable),
]
passing = pytest.mark.parametrize(("status", "code", "error"), PASSING, ids=[code for _, code, _ in PASSING])
BUSY = bedrock.refusing(429, "ThrottlingException")
WELL = bedrock.saying("Hello")


class Busy(LocalServer):
    """Gives each of its answers once, and the last for ever."""

    def __init__(self) -> None:
        super().__init__(lambda _: self.answers.pop(0) if len(self.answers) > 1 else self.answers[0])
        self.answers = [WELL]


@pytest.fixture(scope="module")
def server() -> Iterator[Busy]:
    with Busy() as running, pytest.MonkeyPatch.context() as patch:
        patch.setenv("AWS_ENDPOINT_URL_BEDROCK_RUNTIME", running.url)
        yield running


@pytest.fixture(scope="module")
def model(server: Busy) -> BedrockModel:  # noqa: ARG001
    return BedrockModel("amazon.nova-lite-v1:0")


@pytest.fixture(autouse=True)
def _afresh(server: Busy, monkeypatch: pytest.MonkeyPatch) -> None:
    server.received.clear()
    monkeypatch.setattr(bedrock_module, "FIRST_WAIT_SECONDS", 0.001)


def ask(model: BedrockModel, seconds: float = 60) -> BedrockStream:
    return model.stream([Message("user", "Why?")], 5, deadline=time.monotonic() + seconds)


@passing
def test_a_model_that_was_busy_answers_once(
    status: int, code: str, error: type[StreamwaysError], server: Busy, model: BedrockModel
) -> None:
    del error
    server.answers = [bedrock.refusing(status, code)] * (MODEL_ATTEMPTS - 1) + [WELL]
    assert [event for event in ask(model) if isinstance(event, Delta)] == [Delta("text", 0, "Hello")]
    assert len(server.received) == MODEL_ATTEMPTS


@passing
def test_a_model_that_stays_busy_is_given_up_with_a_time_to_come_back(
    status: int, code: str, error: type[StreamwaysError], server: Busy, model: BedrockModel
) -> None:
    server.answers = [bedrock.refusing(status, code, "arn:aws:bedrock:internal detail")]
    with pytest.raises(error) as refusal:
        list(ask(model))
    assert refusal.value.retry_after == 5
    assert "arn:" not in refusal.value.message
    assert len(server.received) == MODEL_ATTEMPTS


def test_the_waits_are_random_and_their_bound_doubles(
    server: Busy, model: BedrockModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.undo()
    bounds: list[tuple[float, float]] = []

    def drawn(low: float, high: float) -> float:
        bounds.append((low, high))
        return 0

    monkeypatch.setattr(random, "uniform", drawn)
    server.answers = [BUSY]
    with pytest.raises(ModelThrottled):
        list(ask(model))
    assert bounds == [(0, 0.5), (0, 1.0), (0, 2.0)]


def test_there_is_no_attempt_after_the_deadline(
    server: Busy, model: BedrockModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(random, "uniform", lambda _low, _high: 10)
    server.answers = [BUSY, WELL]
    with pytest.raises(ModelThrottled):
        list(ask(model, seconds=9))
    assert len(server.received) == 1


def waiting(patch: pytest.MonkeyPatch) -> threading.Event:
    """Makes every wait one of an hour; the event is set when one begins."""
    begun = threading.Event()

    def an_hour(_low: float, _high: float) -> float:
        begun.set()
        return 3600

    patch.setattr(random, "uniform", an_hour)
    return begun


def test_an_interrupt_ends_the_wait(server: Busy, model: BedrockModel, monkeypatch: pytest.MonkeyPatch) -> None:
    waits = waiting(monkeypatch)
    server.answers = [BUSY, WELL]
    stream = ask(model, seconds=math.inf)
    listener = Listener(stream)
    assert waits.wait(WAIT_SECONDS)
    stream.interrupt()
    listener.join()
    assert (listener.heard, listener.error) == ([], None)
    assert len(server.received) == 1


def test_an_interrupt_of_a_stream_that_waits_spares_the_one_that_has_its_connection(
    server: Busy, model: BedrockModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    waits, held = waiting(monkeypatch), threading.Event()
    server.answers = [BUSY, bedrock.stream([bedrock.delta("Hello"), held, bedrock.delta(" world"), *bedrock.ending()])]
    first = ask(model, seconds=math.inf)
    one = Listener(first)
    assert waits.wait(WAIT_SECONDS)
    other = Listener(ask(model))
    other.wait_until_heard(1)
    first.interrupt()
    one.join()
    held.set()
    other.join()
    assert len({received.client_port for received in server.received}) == 1
    assert (len(other.heard), other.error) == (4, None)


@pytest.mark.parametrize("code", ["throttlingException", "serviceUnavailableException", "modelStreamErrorException"])
def test_nothing_is_asked_again_once_a_stream_has_begun(code: str, server: Busy, model: BedrockModel) -> None:
    server.answers = [bedrock.stream([exception(code, "detail")]), WELL]
    with pytest.raises((ModelThrottled, ModelUnavailable)):
        list(ask(model))
    assert len(server.received) == 1


def test_a_503_of_who_knows_whom_is_no_refusal_of_the_model(server: Busy, model: BedrockModel) -> None:
    server.answers = [Answer(503, b"<html>Bad gateway</html>"), WELL]
    with pytest.raises(ModelUnavailable):
        list(ask(model))
    assert len(server.received) == 1


def test_a_call_that_timed_out_is_not_asked_again(server: Busy, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bedrock_module, "READ_TIMEOUT_SECONDS", 0.05)
    answers = threading.Event()
    server.answers = [Answer(pieces=[], headers_when=answers), WELL]
    try:
        with pytest.raises(ModelUnavailable):
            list(ask(BedrockModel("amazon.nova-lite-v1:0")))
    finally:
        answers.set()
    assert len(server.received) == 1
