"""What becomes of a stream whose model goes wrong, end to end, over each transport."""

import asyncio
from collections.abc import Iterator
from typing import Any, cast

import pytest

from sandbox.aws.model import DocsModel, tokens
from sandbox.clients.client import ARCHITECTURES, Architecture, Received, chat_request
from sandbox.clients.factory import client_for
from sandbox.clients.summary import answer as text_of
from sandbox.options import PROJECT_ROOT
from tests.support.sandbox import FAST, RunningSandbox, running_sandbox

PROMPT = "How does the function URL stream, and what are its limits?"
ANSWER = DocsModel(PROJECT_ROOT / "docs").answer(PROMPT)
SAID = "".join(tokens(ANSWER)[:5])
"""What comes before a fault, unless it is told otherwise."""
TOKENS_PER_SECOND = float(FAST[-1])
each_architecture = pytest.mark.parametrize("architecture", ARCHITECTURES)


@pytest.fixture(autouse=True)
def _well_again(sandbox: RunningSandbox) -> Iterator[None]:
    yield
    sandbox.control("DELETE", "/model/fault")
    sandbox.control("PUT", "/model", {"tokensPerSecond": TOKENS_PER_SECOND})


def expect(sandbox: RunningSandbox, fault: str, **more: object) -> None:
    sandbox.control("PUT", "/model/fault", {"fault": fault, **more})


def calls(sandbox: RunningSandbox) -> list[dict[str, Any]]:
    return sandbox.control("GET", "/model/calls").json()["calls"]


async def stream(sandbox: RunningSandbox, architecture: Architecture) -> list[Received]:
    async with client_for(architecture, sandbox.outputs, sandbox.token()) as client:
        return [received async for received in client.stream(chat_request(PROMPT))]


def failure(received: list[Received]) -> dict[str, Any]:
    """The data of the failure that a stream ends with."""
    assert [item.type for item in received[-3:]] == ["message-metadata", "data-error", "error"]
    data = cast("dict[str, Any]", received[-2].part["data"])
    assert received[-1].part["errorText"] == data["message"]
    return data


def metadata(received: list[Received]) -> dict[str, Any]:
    """Of the `finish` part that a stream ends with."""
    assert received[-1].type == "finish"
    return cast("dict[str, Any]", received[-1].part["messageMetadata"])


@each_architecture
async def test_a_model_that_is_busy_for_a_moment_is_asked_again(
    sandbox: RunningSandbox, architecture: Architecture
) -> None:
    before = len(calls(sandbox))
    expect(sandbox, "throttled")
    received = await stream(sandbox, architecture)

    assert text_of(received) == ANSWER
    assert [item.type for item in received].count("text-start") == 1
    assert metadata(received)["stopReason"] == "end_turn"
    assert [(call["fault"], call["stopReason"]) for call in calls(sandbox)[before:]] == [
        ("throttled", None),
        (None, "end_turn"),
    ]


async def test_a_model_that_stays_busy_is_given_up_after_four_attempts(sandbox: RunningSandbox) -> None:
    before = len(calls(sandbox))
    expect(sandbox, "throttled", calls=1000)
    for received in await asyncio.gather(*(stream(sandbox, architecture) for architecture in ARCHITECTURES)):
        assert text_of(received) == ""
        assert failure(received).items() >= {"code": "model_throttled", "retryAfter": 5}.items()
    assert len(calls(sandbox)) - before == 4 * len(ARCHITECTURES)


FAULTS: dict[str, tuple[dict[str, object], str]] = {
    "an exception": ({"fault": "exception"}, "model_unavailable"),
    "throttling": ({"fault": "exception", "exception": "throttlingException"}, "model_throttled"),
    "throttling instead of text": (
        {"fault": "exception", "exception": "throttlingException", "afterTokens": 0},
        "model_throttled",
    ),
    "a cut": ({"fault": "cut"}, "model_unavailable"),
    "a malformed event": ({"fault": "malformed"}, "model_unavailable"),
    "a guardrail": ({"fault": "guardrail_intervened"}, "content_blocked"),
}


@each_architecture
@pytest.mark.parametrize("name", FAULTS)
async def test_what_came_before_a_fault_is_kept_and_nothing_is_asked_again(
    sandbox: RunningSandbox, architecture: Architecture, name: str
) -> None:
    fault, code = FAULTS[name]
    before = len(calls(sandbox))
    sandbox.control("PUT", "/model/fault", fault)
    received = await stream(sandbox, architecture)

    assert text_of(received) == ("" if fault.get("afterTokens") == 0 else SAID)
    assert [item.sequence for item in received] == list(range(len(received)))
    assert failure(received)["code"] == code
    assert [call["fault"] for call in calls(sandbox)[before:]] == [fault["fault"]]
    usage = cast("dict[str, Any]", received[-3].part["messageMetadata"])["usage"]
    if text_of(received):
        assert usage.get("estimated", False) == (code != "content_blocked"), "the model says its usage only at its end"


@pytest.mark.parametrize("after", [0, 5])
async def test_a_silence_that_ends_costs_nothing(sandbox: RunningSandbox, after: int) -> None:
    expect(sandbox, "stalled", afterTokens=after, seconds=0.3, calls=len(ARCHITECTURES))
    for received in await asyncio.gather(*(stream(sandbox, architecture) for architecture in ARCHITECTURES)):
        assert text_of(received) == ANSWER
        assert received[-1].at_ms >= 300


async def test_a_fault_of_one_stream_leaves_the_others_alone(sandbox: RunningSandbox) -> None:
    sandbox.control("PUT", "/model", {"tokensPerSecond": 10})
    speaking = [asyncio.Event() for _ in ARCHITECTURES]

    async def well(architecture: Architecture, speaks: asyncio.Event) -> str:
        received: list[Received] = []
        async with client_for(architecture, sandbox.outputs, sandbox.token()) as client:
            async for item in client.stream(chat_request(PROMPT)):
                received.append(item)
                if item.type == "text-delta":
                    speaks.set()
        return text_of(received)

    others = [asyncio.create_task(well(*each)) for each in zip(ARCHITECTURES, speaking, strict=True)]
    async with asyncio.timeout(20):
        await asyncio.gather(*(speaks.wait() for speaks in speaking))
    expect(sandbox, "cut", calls=len(ARCHITECTURES), afterTokens=1)
    cut = await asyncio.gather(*(stream(sandbox, architecture) for architecture in ARCHITECTURES))
    assert not any(other.done() for other in others), "they were to run meanwhile"
    sandbox.control("PUT", "/model", {"tokensPerSecond": TOKENS_PER_SECOND})

    assert [failure(received)["code"] for received in cut] == ["model_unavailable"] * len(ARCHITECTURES)
    assert await asyncio.gather(*others) == [ANSWER] * len(ARCHITECTURES)


async def test_the_deadline_hangs_up_on_a_silent_model_also_before_its_headers() -> None:
    with running_sandbox(*FAST, config={"timeoutSeconds": "5"}) as sandbox:
        for after in (0, 5):
            expect(sandbox, "stalled", afterTokens=after, calls=len(ARCHITECTURES))
            for received in await asyncio.gather(*(stream(sandbox, architecture) for architecture in ARCHITECTURES)):
                assert text_of(received) == ("" if after == 0 else SAID)
                assert metadata(received)["stopReason"] == "deadline"
                assert received[-1].at_ms < 5000
        left = [(call["outputTokens"], call["readerLeft"]) for call in calls(sandbox)]
        assert left == [(0, True)] * len(ARCHITECTURES) + [(5, True)] * len(ARCHITECTURES)
