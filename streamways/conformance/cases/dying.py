"""Workers that die: their streams are ended exactly once, their readers told, and the chat goes on."""

import asyncio
from collections.abc import AsyncGenerator

from shared.contract.architectures import DESCRIPTORS, function_url
from shared.contract.errors import ErrorCode
from shared.contract.parts import PartType
from streamways.clients.chats import text_of
from streamways.clients.client import Received
from streamways.clients.errors import Cut, Refused
from streamways.clients.summary import answer
from streamways.conformance.case import SLOW_TOKENS_PER_SECOND, WITH_WORKER, Cases
from streamways.conformance.expect import expect, same
from streamways.conformance.reading import (
    broken_off,
    each_once,
    ends_once,
    equal_parts,
    first_text,
    kinds,
    placed,
    placed_text,
    rest,
    some,
)
from streamways.conformance.trial import SHORT_PROMPT, Trial

CASES = Cases()
BEYOND_THE_JOURNAL = 3
"""Parts that are read after a flush: some of them may not have come to the journal when the worker is killed."""
TOLD_SECONDS = 5.0
"""Within which the client of a worker that died is told, where Lambda reports the failure."""
SWEPT_SECONDS = 90.0
"""Within which a stream that died is ended, where only the sweep sees it."""


@CASES.case(
    "The client of a killed worker is told within 5 s; the journaled text stays and ends with an error.",
    on=WITH_WORKER,
    manner="alone",
)
async def worker_killed(trial: Trial) -> None:
    request = trial.request()
    async with trial.client() as client:
        parts = client.stream(request)
        received = await _up_to_the_kill_of(DESCRIPTORS[trial.architecture].generates, trial, request.chat_id, parts)
        async with asyncio.timeout(TOLD_SECONDS):
            try:
                received += await rest(parts)
                ends_once(received, PartType.ERROR)
            except Refused as told:
                same("what the client is told", told.code, ErrorCode.INTERNAL)
        each_once(received)
        if received[-1].type != PartType.ERROR:
            rest_of_it = await trial.resumed(request.chat_id, placed(received)[-1].cursor)
            ends_once([*placed(received), *rest_of_it], PartType.ERROR)
        await _ended_in_the_journal(trial, request.chat_id, received)


@CASES.case(
    "The body of a killed function URL's stream ends early, and a resume brings the end that the reaper wrote.",
    on=((function_url.NAME,),),
    needs=("scaled time",),
    manner="alone",
)
async def function_killed(trial: Trial) -> None:
    request = trial.request()
    async with trial.client() as client:
        parts = client.stream(request)
        received = await _up_to_the_kill_of(trial.architecture, trial, request.chat_id, parts)
        received += await broken_off(Cut, parts)
        async with asyncio.timeout(SWEPT_SECONDS):
            while not await _has_ended(trial, request.chat_id):
                pass
        ends_once([*received, *await trial.resumed(request.chat_id, received[-1].cursor)], PartType.ERROR)
        await _ended_in_the_journal(trial, request.chat_id, received)


async def _up_to_the_kill_of(
    function: str, trial: Trial, chat_id: str, parts: AsyncGenerator[Received]
) -> list[Received]:
    """Reads until another reader has some of the text from the journal, and a little more; then kills the process."""
    async with trial.sandbox.pace(SLOW_TOKENS_PER_SECOND), trial.client() as tab:
        received = await placed_text(parts)
        journaled = tab.resume(chat_id)
        await first_text(journaled)
        await journaled.aclose()
        received += await some(parts, BEYOND_THE_JOURNAL)
        await trial.sandbox.kill(function)
    return received


async def _has_ended(trial: Trial, chat_id: str) -> bool:
    """Follows a chat's stream until it ends; False when the reader's own function ended first."""
    try:
        await trial.resumed(chat_id)
    except Cut:
        return False
    return True


async def _ended_in_the_journal(trial: Trial, chat_id: str, live: list[Received]) -> None:
    """Expects journal and reader to have the same text, one of them further; one end; and the chat to go on."""
    replayed = await trial.resumed(chat_id)
    each_once(replayed)
    ends_once(replayed, PartType.ERROR)
    same("the first parts", kinds(replayed)[:2], [PartType.START, PartType.START_STEP])
    texts = [item.part for item in replayed if item.type == PartType.TEXT_DELTA]
    before = [item.part for item in live if item.type == PartType.TEXT_DELTA]
    common = min(len(texts), len(before))
    expect(common > 0, "the journal holds no text")
    same("the text in the journal, as far as it was read", texts[:common], before[:common])
    equal_parts("read again", await trial.resumed(chat_id), replayed)
    async with trial.client() as client:
        kept = (await client.read(chat_id)).messages
        same("the answer that the chat keeps", text_of(kept[-1]), answer(replayed))
        ends_once(await rest(client.stream(trial.request(SHORT_PROMPT, chat_id))), PartType.FINISH)
