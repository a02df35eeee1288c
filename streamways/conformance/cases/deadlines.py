"""Deadline: before a function's time is over, its stream is closed in good order; and a silent model is no hang-up."""

from collections.abc import Sequence

from shared.contract.architectures import function_url, websocket
from shared.contract.limits import KEEP_ALIVE_SECONDS
from shared.contract.parts import PartType
from streamways.clients.chats import text_of
from streamways.clients.client import ChatRequest, Received
from streamways.clients.summary import answer
from streamways.conformance.case import Cases
from streamways.conformance.expect import expect, same
from streamways.conformance.reading import each_once, ends_once, equal_parts, rest, stop_reason
from streamways.conformance.trial import Trial

CASES = Cases()
SILENCE_SECONDS = KEEP_ALIVE_SECONDS + 2
"""A little more than the time after which a stream must give a sign of life."""


@CASES.case(
    "A stream that runs out of time finishes with its text so far; the chat keeps it, and the answer can be continued "
    "under the same id.",
    needs=("short timeout",),
    model_fault={"fault": "slow", "tokensPerSecond": 5},
)
async def deadline(trial: Trial) -> None:
    request = trial.request()
    async with trial.client() as client:
        received = await rest(client.stream(request))
        _in_time(trial, received)
        expect(answer(received) != "", "nothing came before the deadline")
        message_id = str(received[0].part["messageId"])
        partial = {"id": message_id, "role": "assistant", "parts": [{"type": "text", "text": answer(received)}]}
        new = trial.request().stream_id
        continued = await rest(
            client.stream(ChatRequest(request.chat_id, new, (*request.messages, partial), message_id=message_id))
        )
        kept = (await client.read(request.chat_id)).messages
    ends_once(continued, PartType.FINISH)
    same("the message that grows", continued[0].part.get("messageId"), message_id)
    same("the messages of the chat", len(kept), 2)
    same("the answer that the chat keeps", text_of(kept[1]), answer(received) + answer(continued))


@CASES.case(
    "A stream with a silent model finishes at its deadline and closes the model call.",
    needs=("short timeout",),
    model_fault={"fault": "stalled", "afterTokens": 5},
)
async def deadline_while_silent(trial: Trial) -> None:
    await _silent_until_the_deadline(trial, expected_tokens=5)


@CASES.case(
    "A stream whose model never begins to answer finishes at its deadline.",
    needs=("short timeout",),
    model_fault={"fault": "stalled", "afterTokens": 0},
)
async def deadline_before_the_answer(trial: Trial) -> None:
    await _silent_until_the_deadline(trial, expected_tokens=0)


@CASES.case(
    f"While the model is silent, the stream sends a sign of life every {KEEP_ALIVE_SECONDS:g} s.",
    on=((function_url.NAME,), (websocket.NAME,)),
    model_fault={"fault": "stalled", "afterTokens": 5, "seconds": SILENCE_SECONDS + 1},
)
async def heartbeat(trial: Trial) -> None:
    async with trial.client(silence_seconds=SILENCE_SECONDS) as client:
        received = await rest(client.stream(trial.request()))
    ends_once(received, PartType.FINISH)


async def _silent_until_the_deadline(trial: Trial, *, expected_tokens: int) -> None:
    request = trial.request()
    received = await trial.whole(request)
    _in_time(trial, received)
    [call] = await trial.sandbox.ended_model_calls(trial.word)
    same("the model's call", (call["ended"], call["outputTokens"]), ("hung_up", expected_tokens))
    equal_parts("the replay", await trial.resumed(request.chat_id), received)


def _in_time(trial: Trial, received: Sequence[Received]) -> None:
    each_once(received)
    ends_once(received, PartType.FINISH)
    same("the finish reason", received[-1].part.get("finishReason"), "other")
    same("the stop reason", stop_reason(received), "deadline")
    # From the first part on, which a function sends as soon as it runs: what came before is not its time.
    seconds, limit = (received[-1].at_ms - received[0].at_ms) / 1000, trial.stack.function_seconds
    expect(seconds < limit, f"the end came after {seconds:.1f} s, and the function has {limit:g}")
