"""Cancel: an act of its own, which reaches the model and is final."""

from collections.abc import Sequence

from shared.contract.architectures import websocket
from shared.contract.errors import ErrorCode
from shared.contract.parts import PartType
from streamways.clients.chats import text_of
from streamways.clients.client import Received
from streamways.clients.summary import answer, summarise
from streamways.clients.websocket import WebSocketClient
from streamways.conformance.case import PAIRS, Cases
from streamways.conformance.expect import expect, same
from streamways.conformance.reading import (
    each_once,
    ends_once,
    equal_parts,
    first_text,
    refused,
    rest,
    stop_reason,
    within,
)
from streamways.conformance.trial import SHORT_PROMPT, Trial

CASES = Cases()
CANCEL_SECONDS = 5.0
"""The heartbeat sees a cancel within about a second; the rest is for a machine that is busy."""


@CASES.case(
    "A cancel ends the stream with `abort`, closes the model call and records the usage; the chat keeps the text.",
    manner="slow model",
)
async def cancel(trial: Trial) -> None:
    request = trial.request()
    async with trial.client() as client, trial.client() as other:
        parts = client.stream(request)
        received = await first_text(parts)
        await other.cancel(request.chat_id, request.stream_id)
        received += await within(CANCEL_SECONDS, "the cancel", parts)
        kept = (await other.read(request.chat_id)).messages[-1]
    each_once(received)
    _cancelled(received)
    used = summarise(received).usage or {}
    expect(used.get("outputTokens", 0) > 0, f"the usage counts no output: {used}")
    same("the text that the chat keeps", text_of(kept), answer(received))
    equal_parts("the replay", await trial.resumed(request.chat_id), received)
    await _hung_up(trial)


@CASES.case("An abort of a `send` cancels the stream.", on=((websocket.NAME,),), manner="slow model")
async def abort_of_a_send(trial: Trial) -> None:
    request = trial.request()
    async with trial.client() as client:
        assert isinstance(client, WebSocketClient)
        parts = client.stream(request)
        received = await first_text(parts)
        await client.abort(request.stream_id)
        received += await within(CANCEL_SECONDS, "the abort", parts)
    _cancelled(received)
    await _hung_up(trial)


@CASES.case("A cancel ends a stream while the model is silent.", model_fault={"fault": "stalled", "afterTokens": 5})
async def cancel_while_silent(trial: Trial) -> None:
    await _cancel_in_silence(trial, at=PartType.TEXT_DELTA)


@CASES.case(
    "A cancel ends a stream before the model has begun its answer.",
    model_fault={"fault": "stalled", "afterTokens": 0},
)
async def cancel_before_the_answer(trial: Trial) -> None:
    await _cancel_in_silence(trial, at=PartType.START_STEP)


@CASES.case("A cancel over another transport ends the stream.", on=PAIRS, manner="slow model")
async def cancel_across(trial: Trial) -> None:
    begun, other = trial.on
    request = trial.request()
    async with trial.client(on=begun) as client, trial.client(on=other) as elsewhere:
        parts = client.stream(request)
        received = await first_text(parts)
        await elsewhere.cancel(request.chat_id, request.stream_id)
        received += await within(CANCEL_SECONDS, "the cancel", parts)
    _cancelled(received)
    await _hung_up(trial)


@CASES.case("A cancel that arrives before its stream prevents the stream and its model call.")
async def cancel_before_the_start(trial: Trial) -> None:
    request = trial.request(SHORT_PROMPT)
    async with trial.client() as client:
        await client.cancel(request.chat_id, request.stream_id)
        await refused("a cancelled start", ErrorCode.INVALID_REQUEST, parts=client.stream(request))
    if trial.stack.sandbox is not None:
        same("the calls of the model", await trial.stack.sandbox.model_calls(trial.word), [])


@CASES.case("A cancel of an ended stream changes nothing.")
async def cancel_after_the_end(trial: Trial) -> None:
    request = trial.request(SHORT_PROMPT)
    async with trial.client() as client:
        whole = await rest(client.stream(request))
        await client.cancel(request.chat_id, request.stream_id)
        equal_parts("the replay", await rest(client.resume(request.chat_id)), whole)
    ends_once(whole, PartType.FINISH)


async def _cancel_in_silence(trial: Trial, *, at: str) -> None:
    request = trial.request()
    async with trial.client() as client, trial.client() as other:
        parts = client.stream(request)
        received = [await anext(parts)]
        while received[-1].type != at:
            received.append(await anext(parts))
        # Only once the model is asked can it be interrupted.
        await trial.sandbox.asked_of_model(trial.word)
        await other.cancel(request.chat_id, request.stream_id)
        received += await within(CANCEL_SECONDS, "the cancel", parts)
    _cancelled(received)
    await _hung_up(trial)


def _cancelled(received: Sequence[Received]) -> None:
    ends_once(received, PartType.ABORT)
    same("the stop reason", stop_reason(received), "cancelled")


async def _hung_up(trial: Trial) -> None:
    if trial.stack.sandbox is not None:
        calls = await trial.stack.sandbox.ended_model_calls(trial.word)
        same("how the model's call ended", [call["ended"] for call in calls], ["hung_up"])
