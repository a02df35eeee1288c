"""ConverseStream read by the real SDK from a real socket: what it says, how it fails, and how it is interrupted."""

import threading
import time
from collections.abc import Iterator

import pytest

from shared.errors import InvalidRequest, ModelThrottled, ModelUnavailable, StreamwaysError
from shared.models.bedrock import BedrockModel, BedrockStream
from shared.models.events import BlockEnd, Delta, ModelEvent, Stop, Usage
from shared.protocol.request import Message
from tests.support import bedrock
from tests.support.bedrock import FakeBedrock
from tests.support.eventstream import event, exception
from tests.support.listening import Listener
from tests.support.server import WAIT_SECONDS, Answer, CutConnection

MODEL = "amazon.nova-lite-v1:0"
ASKED = [Message("user", "Why?"), Message("assistant", "Because."), Message("user", "Whÿ? 🎈")]


@pytest.fixture(scope="module")
def server() -> Iterator[FakeBedrock]:
    with FakeBedrock() as running, pytest.MonkeyPatch.context() as patch:
        patch.setenv("AWS_ENDPOINT_URL_BEDROCK_RUNTIME", running.url)
        yield running


@pytest.fixture(scope="module")
def kept_model(server: FakeBedrock) -> BedrockModel:  # noqa: ARG001
    """Made once, as a function does."""
    return BedrockModel(MODEL)


@pytest.fixture
def model(kept_model: BedrockModel, server: FakeBedrock) -> BedrockModel:
    server.received.clear()
    server.left.clear()
    return kept_model


def ask(model: BedrockModel, seconds: float = 60) -> BedrockStream:
    return model.stream(ASKED, 500, deadline=time.monotonic() + seconds)


def test_what_the_model_says_comes_as_events(model: BedrockModel, server: FakeBedrock) -> None:
    server.answer = bedrock.stream(
        [
            bedrock.message_start(),
            bedrock.reasoning("Hm.", block=0),
            bedrock.block_stop(0),
            bedrock.delta("Hello", block=1),
            bedrock.delta(" wörld 🎈", block=1),
            bedrock.block_stop(1),
            *bedrock.ending("max_tokens", (12, 34)),
        ]
    )
    assert list(ask(model)) == [
        Delta("reasoning", 0, "Hm."),
        BlockEnd(0),
        Delta("text", 1, "Hello"),
        Delta("text", 1, " wörld 🎈"),
        BlockEnd(1),
        Stop("max_tokens", "length"),
        Usage(12, 34),
    ]


def test_the_request_holds_the_conversation_and_the_limit(model: BedrockModel, server: FakeBedrock) -> None:
    server.answer = bedrock.saying("x")
    list(ask(model))
    [received] = server.received
    assert (received.method, received.path) == ("POST", "/model/amazon.nova-lite-v1%3A0/converse-stream")
    assert server.requests() == [
        {
            "messages": [{"role": each.role, "content": [{"text": each.text}]} for each in ASKED],
            "inferenceConfig": {"maxTokens": 500},
        }
    ]


def test_a_guardrail_is_named_where_one_is_set(server: FakeBedrock, monkeypatch: pytest.MonkeyPatch) -> None:
    server.received.clear()
    server.answer = bedrock.saying("x")
    monkeypatch.setenv("MODEL_ID", MODEL)
    monkeypatch.setenv("GUARDRAIL_ID", "abc123")
    monkeypatch.setenv("GUARDRAIL_VERSION", "2")
    list(ask(BedrockModel.from_environment()))
    assert server.requests()[0]["guardrailConfig"] == {"guardrailIdentifier": "abc123", "guardrailVersion": "2"}


def test_nothing_is_sent_before_the_answer_is_read(model: BedrockModel, server: FakeBedrock) -> None:
    stream = ask(model)
    assert server.received == []
    stream.interrupt()


def test_what_carries_no_text_and_what_is_new_is_passed_over(model: BedrockModel, server: FakeBedrock) -> None:
    server.answer = bedrock.stream(
        [
            event("contentBlockStart", {"contentBlockIndex": 0, "start": {"toolUse": {"toolUseId": "t", "name": "n"}}}),
            event("contentBlockDelta", {"contentBlockIndex": 0, "delta": {"toolUse": {"input": "{}"}}}),
            event("contentBlockDelta", {"contentBlockIndex": 1, "delta": {"reasoningContent": {"signature": "s"}}}),
            event("somethingNew", {"a": 1}),
            bedrock.delta("", block=2),
            bedrock.delta("Hi", block=2),
            *bedrock.ending(),
        ]
    )
    assert [each for each in ask(model) if isinstance(each, Delta)] == [Delta("text", 2, "Hi")]


REFUSALS: list[tuple[int, str, type[StreamwaysError]]] = [
    (400, "ValidationException", InvalidRequest),
    (403, "AccessDeniedException", ModelUnavailable),
    (404, "ResourceNotFoundException", ModelUnavailable),
    (408, "ModelTimeoutException", ModelUnavailable),
    (424, "ModelErrorException", ModelUnavailable),
    (500, "InternalServerException", ModelUnavailable),
    (503, "NobodyKnowsWhoseException", ModelUnavailable),
]


@pytest.mark.parametrize(("status", "code", "error"), REFUSALS, ids=[code for _, code, _ in REFUSALS])
def test_a_refusal_that_does_not_pass_is_typed_and_not_asked_for_twice(
    status: int, code: str, error: type[StreamwaysError], model: BedrockModel, server: FakeBedrock
) -> None:
    server.answer = bedrock.refusing(status, code, "arn:aws:bedrock:internal detail")
    with pytest.raises(error) as refusal:
        list(ask(model))
    assert len(server.received) == 1, "a repeated call is a call billed twice"
    assert "arn:" not in refusal.value.message
    assert refusal.value.retry_after is None


@pytest.mark.parametrize(
    ("code", "error"),
    [
        ("throttlingException", ModelThrottled),
        ("modelStreamErrorException", ModelUnavailable),
        ("internalServerException", ModelUnavailable),
        ("serviceUnavailableException", ModelUnavailable),
        ("validationException", ModelUnavailable),
    ],
)
def test_an_exception_in_the_middle_of_the_stream_comes_after_what_was_said(
    code: str, error: type[StreamwaysError], model: BedrockModel, server: FakeBedrock
) -> None:
    server.answer = bedrock.stream([bedrock.message_start(), bedrock.delta("Hal"), exception(code, "detail")])
    heard: list[ModelEvent] = []
    with pytest.raises(error):
        heard.extend(collect(ask(model), heard))
    assert heard == [Delta("text", 0, "Hal")]
    assert len(server.received) == 1


def collect(stream: BedrockStream, heard: list[ModelEvent]) -> Iterator[ModelEvent]:
    for each in stream:
        heard.append(each)
    yield from ()


def half(frame: bytes) -> bytes:
    return frame[: len(frame) // 2]


def damaged(frame: bytes) -> bytes:
    return frame[:-1] + bytes([frame[-1] ^ 0xFF])


BROKEN: dict[str, Answer] = {
    "is cut between frames": bedrock.stream([bedrock.delta("Hal"), CutConnection()]),
    "is cut within a frame": bedrock.stream([bedrock.delta("Hal"), half(bedrock.delta("f")), CutConnection()]),
    "is damaged": bedrock.stream([bedrock.delta("Hal"), damaged(bedrock.delta("f"))]),
    "has a frame of two gigabytes": bedrock.stream([bedrock.delta("Hal"), b"\x7f\xff\xff\xff" + b"\0" * 12]),
    "is not a stream of frames": bedrock.stream([bedrock.delta("Hal"), b"<html>Bad gateway, very bad</html>"]),
}


@pytest.mark.parametrize("answer", BROKEN.values(), ids=BROKEN.keys())
def test_the_model_is_unavailable_when_its_answer(answer: Answer, model: BedrockModel, server: FakeBedrock) -> None:
    server.answer = answer
    heard: list[ModelEvent] = []
    with pytest.raises(ModelUnavailable):
        heard.extend(collect(ask(model), heard))
    assert heard == [Delta("text", 0, "Hal")]
    assert len(server.received) == 1


def test_the_model_is_unavailable_when_the_connection_is_cut_before_it_answers(
    model: BedrockModel, server: FakeBedrock
) -> None:
    def cut() -> Iterator[bytes]:
        raise CutConnection
        yield b""

    server.answer = Answer(pieces=cut())
    with pytest.raises(ModelUnavailable):
        list(ask(model))
    assert len(server.received) == 1


def test_the_model_is_unavailable_when_nobody_listens(monkeypatch: pytest.MonkeyPatch) -> None:
    with FakeBedrock() as closed:
        monkeypatch.setenv("AWS_ENDPOINT_URL_BEDROCK_RUNTIME", closed.url)
        model = BedrockModel(MODEL)
        assert model.client
    with pytest.raises(ModelUnavailable):
        list(ask(model))


@pytest.fixture
def never() -> Iterator[threading.Event]:
    """What a silent model waits for; freed when the test is over."""
    event = threading.Event()
    yield event
    event.set()


def test_an_interrupt_frees_a_blocked_reader_and_leaves_the_model(
    model: BedrockModel, server: FakeBedrock, never: threading.Event
) -> None:
    endless = [bedrock.delta("x" * 65536)] * 1000
    server.answer = bedrock.stream([bedrock.message_start(), bedrock.delta("So far"), never, *endless])
    stream = ask(model)
    listener = Listener(stream)
    listener.wait_until_heard(1)
    stream.interrupt()
    listener.join()
    assert listener.heard == [Delta("text", 0, "So far")]
    never.set()
    assert server.left.wait(WAIT_SECONDS), "the model's connection stayed open: what it says is paid for"


def test_an_interrupt_before_anything_was_read_means_that_nothing_is_asked(
    model: BedrockModel, server: FakeBedrock
) -> None:
    stream = ask(model)
    stream.interrupt()
    assert list(stream) == []
    assert server.received == []


def test_an_interrupt_after_the_end_does_nothing_and_the_next_call_is_well(
    model: BedrockModel, server: FakeBedrock
) -> None:
    server.answer = bedrock.saying("One")
    stream = ask(model)
    first = list(stream)
    stream.interrupt()
    stream.interrupt()
    assert list(ask(model)) == first


def test_an_interrupt_at_each_moment_of_a_stream_is_harmless(model: BedrockModel, server: FakeBedrock) -> None:
    server.answer = bedrock.saying("One", " two", " three")
    whole = list(ask(model))
    for moment in range(len(whole) + 1):
        stream = ask(model)
        heard: list[ModelEvent] = []
        try:
            for each in stream:
                heard.append(each)
                if len(heard) == moment:
                    stream.interrupt()
        except ModelUnavailable:
            pass
        stream.interrupt()
        assert heard == whole[: len(heard)]
        assert len(heard) >= moment


def test_an_interrupt_of_a_connection_that_the_model_has_reset_is_harmless(
    model: BedrockModel, server: FakeBedrock
) -> None:
    server.answer = bedrock.stream([bedrock.message_start(), bedrock.delta("Hal"), CutConnection()])
    stream = ask(model)
    events = iter(stream)
    next(events)
    stream.interrupt()
    with pytest.raises((ModelUnavailable, StopIteration)):
        next(events)
