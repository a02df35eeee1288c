"""A model that goes wrong: refused calls are tried again, what came is kept, and the failure has a code."""

from collections.abc import Mapping, Sequence
from typing import cast

from shared.contract.errors import ErrorCode
from shared.contract.limits import MODEL_ATTEMPTS
from shared.contract.parts import PartType
from streamways.clients.chats import text_of
from streamways.clients.client import Received
from streamways.clients.summary import answer, message_metadata
from streamways.conformance.case import Cases
from streamways.conformance.expect import expect, same
from streamways.conformance.reading import each_once, ends_once, kinds, stop_reason
from streamways.conformance.trial import Trial

CASES = Cases()
SAID = 5
"""Tokens that come before a fault."""


@CASES.case("A model call that is refused for load is repeated.", model_fault={"fault": "throttled"})
async def model_busy(trial: Trial) -> None:
    # The runs share one fault for each of them; whichever call takes it, each is asked again until it is well.
    received = await trial.whole(trial.request())
    ends_once(received, PartType.FINISH)
    same("the stop reason", stop_reason(received), "end_turn")
    calls = await trial.sandbox.ended_model_calls(trial.word)
    same("the text", answer(received), calls[-1]["text"])
    same("how often the answer was begun", kinds(received).count(PartType.TEXT_START), 1)


@CASES.case(
    "After four refused model calls the stream fails and says when to try again.",
    model_fault={"fault": "throttled", "calls": MODEL_ATTEMPTS},
)
async def model_stays_busy(trial: Trial) -> None:
    received = await trial.whole(trial.request())
    failure = await _failed(trial, received, ErrorCode.MODEL_THROTTLED, said=0)
    same("retryAfter", failure.get("retryAfter"), 5)
    same("the calls of the model", len(await trial.sandbox.ended_model_calls(trial.word)), MODEL_ATTEMPTS)


@CASES.case(
    "The text before an exception of the model stays in the answer.",
    model_fault={"fault": "exception", "afterTokens": SAID},
)
async def model_exception(trial: Trial) -> None:
    await _fails_once(trial, ErrorCode.MODEL_UNAVAILABLE)


@CASES.case(
    "The text before a throttling in mid-stream stays in the answer.",
    model_fault={"fault": "exception", "exception": "throttlingException", "afterTokens": SAID},
)
async def model_throttled(trial: Trial) -> None:
    await _fails_once(trial, ErrorCode.MODEL_THROTTLED)


@CASES.case(
    "A model call that is throttled after its stream has begun is not repeated, even before any text.",
    model_fault={"fault": "exception", "exception": "throttlingException", "afterTokens": 0},
)
async def model_throttled_at_once(trial: Trial) -> None:
    received = await trial.whole(trial.request())
    await _failed(trial, received, ErrorCode.MODEL_THROTTLED, said=0)
    same("the calls of the model", len(await trial.sandbox.ended_model_calls(trial.word)), 1)


@CASES.case(
    "The text before a broken model connection stays in the answer.", model_fault={"fault": "cut", "afterTokens": SAID}
)
async def model_cut(trial: Trial) -> None:
    await _fails_once(trial, ErrorCode.MODEL_UNAVAILABLE)


@CASES.case(
    "The text before a malformed model event stays in the answer.",
    model_fault={"fault": "malformed", "afterTokens": SAID},
)
async def model_malformed(trial: Trial) -> None:
    await _fails_once(trial, ErrorCode.MODEL_UNAVAILABLE)


@CASES.case(
    "An answer that a guardrail stops fails as content_blocked.",
    model_fault={"fault": "guardrail_intervened", "afterTokens": SAID},
)
async def model_guardrail(trial: Trial) -> None:
    received = await _fails_once(trial, ErrorCode.CONTENT_BLOCKED)
    usage = cast("Mapping[str, object]", message_metadata(received)["usage"])
    expect(not usage.get("estimated"), "the usage is marked as estimated, though the model reported it")


@CASES.case(
    "A silence of the model loses no text.",
    model_fault={"fault": "stalled", "afterTokens": SAID, "seconds": 0.5},
)
async def model_stalled(trial: Trial) -> None:
    received = await trial.whole(trial.request())
    ends_once(received, PartType.FINISH)
    [call] = await trial.sandbox.ended_model_calls(trial.word)
    same("the text", answer(received), call["text"])


async def _fails_once(trial: Trial, code: str) -> list[Received]:
    request = trial.request()
    received = await trial.whole(request)
    await _failed(trial, received, code, said=SAID)
    same("the calls of the model", len(await trial.sandbox.ended_model_calls(trial.word)), 1)
    async with trial.client() as client:
        kept = (await client.read(request.chat_id)).messages[-1]
    same("what the chat keeps", text_of(kept), answer(received))
    return received


async def _failed(trial: Trial, received: Sequence[Received], code: str, *, said: int) -> Mapping[str, object]:
    """Expects the stream to have failed with this code, after so many tokens; what it says of the failure."""
    each_once(received)
    ends_once(received, PartType.ERROR)
    same("the last parts", kinds(received)[-3:], [PartType.MESSAGE_METADATA, PartType.DATA_ERROR, PartType.ERROR])
    failure = cast("Mapping[str, object]", received[-2].part["data"])
    same("the code", failure.get("code"), code)
    same("the text for people", received[-1].part.get("errorText"), failure.get("message"))
    same("the stop reason", stop_reason(received), code)
    calls = await trial.sandbox.ended_model_calls(trial.word)
    same("the tokens before the fault", calls[-1]["outputTokens"], said)
    same("the text before the fault", answer(received), calls[-1]["text"])
    return failure
