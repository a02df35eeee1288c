"""Workers that die: their streams are ended exactly once, their readers told, and the chat goes on."""

import asyncio

from sandbox.clients.chats import text_of
from sandbox.clients.client import Cut, Received, Refused
from sandbox.clients.summary import answer
from sandbox.conformance.case import Cases
from sandbox.conformance.expect import expect, same
from sandbox.conformance.reading import broken_off, each_once, ends_once, equal_parts, first_text, kinds, rest, some
from sandbox.conformance.trial import SHORT_PROMPT, Trial

CASES = Cases()
FLUSHED_PARTS, FLUSHED_TOKENS = 20, 150
"""Parts after which the journal must have been written: it is every 0.6 s, at most 22 parts come a second where a
transport has an interval, and as many as the model has tokens where it has none."""
TOLD_SECONDS = 5.0
"""Within which the client of a worker that died is told, where Lambda reports the failure."""
SWEPT_SECONDS = 90.0
"""Within which a stream that died is ended, where only the sweep sees it."""


@CASES.case(
    "The client of a worker that was killed is told within 5 s; what was journaled stays, and ends with an error.",
    on=(("websocket",), ("appsync",)),
    manner="alone",
)
async def worker_killed(trial: Trial) -> None:
    request = trial.request()
    async with trial.client() as client:
        parts = client.stream(request)
        received = await first_text(parts)
        received += await some(parts, FLUSHED_PARTS)
        await trial.sandbox.kill(f"{trial.architecture}-worker")
        async with asyncio.timeout(TOLD_SECONDS):
            try:
                received += await rest(parts)
                ends_once(received, "error")
            except Refused as told:
                same("what the client is told", told.code, "internal")
        each_once(received)
        await _ended_in_the_journal(trial, request.chat_id, received)


@CASES.case(
    "A function URL's stream whose process was killed breaks off, and a resume gets its end from the sweep.",
    on=(("function-url",),),
    needs=("scaled time",),
    manner="alone",
)
async def function_killed(trial: Trial) -> None:
    request = trial.request()
    async with trial.client() as client:
        parts = client.stream(request)
        received = await first_text(parts)
        received += await some(parts, FLUSHED_TOKENS)
        await trial.sandbox.kill(trial.architecture)
        received += await broken_off(Cut, parts)
        async with asyncio.timeout(SWEPT_SECONDS):
            while not await _has_ended(trial, request.chat_id):
                pass
        await _ended_in_the_journal(trial, request.chat_id, received)


async def _has_ended(trial: Trial, chat_id: str) -> bool:
    """Follows a chat's stream until it ends; False when the reader's own function ended first."""
    try:
        await trial.resumed(chat_id)
    except Cut:
        return False
    return True


async def _ended_in_the_journal(trial: Trial, chat_id: str, live: list[Received]) -> None:
    """Expects the journal to hold what the reader got, up to its last flush, and one end; and the chat to go on."""
    replayed = await trial.resumed(chat_id)
    each_once(replayed)
    ends_once(replayed, "error")
    same("the first parts", kinds(replayed)[:2], ["start", "start-step"])
    texts = [item.part for item in replayed if item.type == "text-delta"]
    before = [item.part for item in live if item.type == "text-delta"]
    expect(bool(texts) and texts == before[: len(texts)], f"the journal holds other text than was read: {texts!r:.80}")
    equal_parts("read again", await trial.resumed(chat_id), replayed)
    async with trial.client() as client:
        kept = (await client.read(chat_id)).messages
        same("the answer that the chat keeps", text_of(kept[-1]), answer(replayed))
        ends_once(await rest(client.stream(trial.request(SHORT_PROMPT, chat_id))), "finish")
