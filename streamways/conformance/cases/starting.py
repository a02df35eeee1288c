"""Exactly one call of the model for a start, however often and from wherever it is asked for."""

import asyncio
from collections.abc import AsyncGenerator, Sequence

from shared.contract.architectures import DESCRIPTORS
from shared.contract.errors import ErrorCode
from shared.contract.parts import PartType
from streamways.clients.chats import text_of
from streamways.clients.client import ChatRequest, Client, Received, chat_request, user_message
from streamways.clients.errors import Refused
from streamways.clients.summary import answer
from streamways.conformance.case import WITH_WORKER, Cases
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
from streamways.conformance.stack import TIERS, User
from streamways.conformance.trial import SHORT_PROMPT, Trial

CASES = Cases()
DUPLICATED_TOKENS_PER_SECOND = 60
"""Of a model whose answer is still being said when the reaper has found out what to make of a failed delivery."""


@CASES.case("Two equal starts at the same moment become one stream and one model call; both clients receive all of it.")
async def duplicate_start(trial: Trial) -> None:
    request = trial.request()
    ours, theirs = await asyncio.gather(trial.whole(request), trial.whole(request))
    each_once(ours)
    ends_once(ours, PartType.FINISH)
    equal_parts("the second start", theirs, ours)
    await _asked_once(trial)


@CASES.case("A start that is repeated during or after its stream replays the stream without a second model call.")
async def repeated_start(trial: Trial) -> None:
    request = trial.request()
    async with trial.client() as client:
        parts = client.stream(request)
        received = await first_text(parts)
        joined, live = await asyncio.gather(trial.whole(request), rest(parts))
        received += live
    equal_parts("the start repeated on the way", joined, received)
    equal_parts("the start repeated after the end", await trial.whole(request), received)
    await _asked_once(trial)


@CASES.case("A stream id that belongs to another request is refused.")
async def reused_id(trial: Trial) -> None:
    request = trial.request(SHORT_PROMPT)
    await trial.whole(request)
    other = type(request)(request.chat_id, request.stream_id, (user_message("Something else."),))
    async with trial.client() as client:
        await refused("a used stream id", ErrorCode.INVALID_REQUEST, parts=client.stream(other))
    await _asked_once(trial)


@CASES.case(
    "A new start in a chat ends the running stream as superseded, and the new stream comes to its end.",
    manner="slow model",
)
async def stop_and_resend(trial: Trial) -> None:
    first = trial.request()
    second = trial.request(SHORT_PROMPT, first.chat_id)
    async with trial.client() as client, trial.client() as again:
        parts = client.stream(first)
        received = await first_text(parts)
        new, old = await asyncio.gather(rest(again.stream(second)), within(15, "the end of the old stream", parts))
        received += old
        kept = await again.read(first.chat_id)
    ends_once(received, PartType.ABORT)
    same("why the old stream ended", stop_reason(received), "superseded")
    each_once(received)
    ends_once(new, PartType.FINISH)
    same("the roles in the chat", [message["role"] for message in kept.messages], ["user", "assistant"] * 2)
    texts = [text_of(message) for message in kept.messages]
    same("the new answer in the chat", texts[3], answer(new))
    expect(texts[1] == answer(received), f"the chat keeps {len(texts[1])} characters of {len(answer(received))}")


@CASES.case(
    "Members who send at the same moment each receive an answer to their own message, or are told to try again.",
    needs=("second user",),
)
async def starts_at_once(trial: Trial) -> None:
    opening, elsewhere = trial.request(SHORT_PROMPT), trial.request(SHORT_PROMPT)
    # Both at once, so that two functions are warm, and the starts that follow meet.
    await asyncio.gather(trial.whole(opening), trial.whole(elsewhere, "second"))
    asked: dict[User, ChatRequest] = {user: trial.request(f"{SHORT_PROMPT} {user}", opening.chat_id) for user in TIERS}
    async with trial.client() as owner, trial.client("second") as member:
        await owner.invite(opening.chat_id, trial.stack.sub("second"))
        await member.accept(opening.chat_id)
        clients: dict[User, Client] = {"first": owner, "second": member}
        outcomes = await asyncio.gather(*(_unless_busy(clients[user].stream(asked[user])) for user in asked))
        kept = (await owner.read(opening.chat_id)).messages
    texts = [text_of(message) for message in kept]
    for request, received in zip(asked.values(), outcomes, strict=True):
        question = text_of(request.messages[-1])
        same("how often a question stands in the chat", texts.count(question), 1 if received else 0)
        if received:
            same("what follows a question", texts[texts.index(question) + 1 :][:1], [answer(received)])


async def _unless_busy(parts: AsyncGenerator[Received]) -> Sequence[Received]:
    """A stream that came to its end; nothing if it was refused for now."""
    try:
        received = await rest(parts)
    except Refused as refusal:
        same("the code of a start that was refused", refusal.code, ErrorCode.INTERNAL)
        expect(refusal.retry_after is not None, "a start was refused without the time after which to try again")
        return []
    each_once(received)
    ends_once(received, PartType.FINISH)
    return received


@CASES.case(
    "A worker event that Lambda delivers twice is run once.",
    on=WITH_WORKER,
    manner="alone",
)
async def duplicate_worker_event(trial: Trial) -> None:
    twice = {"fault": "duplicate", "function": DESCRIPTORS[trial.architecture].generates}
    async with trial.sandbox.fault("/events/fault", twice):
        received = await trial.whole(trial.request())
    each_once(received)
    ends_once(received, PartType.FINISH)
    await _asked_once(trial)


@CASES.case(
    "A second delivery of a worker event that fails does not end the stream of the first one.",
    on=WITH_WORKER,
    manner="alone",
)
async def failed_duplicate_of_a_worker_event(trial: Trial) -> None:
    aged = {"fault": "aged_duplicate", "function": DESCRIPTORS[trial.architecture].generates, "seconds": 0.5}
    request = trial.request()
    await trial.whole(chat_request(SHORT_PROMPT))  # a worker is warm: it claims the next stream at once
    async with trial.sandbox.fault("/events/fault", aged), trial.sandbox.pace(DUPLICATED_TOKENS_PER_SECOND):
        received = await trial.whole(request)
    ends_once(received, PartType.FINISH)
    equal_parts("the replay", await trial.resumed(request.chat_id), received)
    await _asked_once(trial)


async def _asked_once(trial: Trial) -> None:
    if trial.stack.sandbox is not None:
        same("the calls of the model", len(await trial.stack.sandbox.ended_model_calls(trial.word)), 1)
