"""Delivery: what a transport refuses, loses, doubles or disorders costs no part and no order."""

import asyncio

from shared.contract.architectures import appsync, function_url, websocket
from shared.contract.limits import MAX_PART_BYTES
from shared.contract.parts import PartType
from streamways.clients.client import Received
from streamways.clients.summary import answer
from streamways.conformance.case import Cases
from streamways.conformance.expect import expect, same
from streamways.conformance.reading import each_once, ends_once, equal_parts, first_text
from streamways.conformance.trial import SHORT_PROMPT, Trial

CASES = Cases()
OVERSIZED_BYTES = 250_000
REFUSES = {websocket.NAME: "/connections/fault", appsync.NAME: "/appsync/publish/fault"}
"""Architecture → where its service is told to refuse what a worker delivers."""
OVERSIZED = {"fault": "oversized", "bytes": OVERSIZED_BYTES}


@CASES.case("A throttled delivery is repeated, and nothing is lost.", on=[(name,) for name in REFUSES], manner="alone")
async def throttled_delivery(trial: Trial) -> None:
    for kind in ("throttled", "unavailable"):
        async with trial.sandbox.fault(REFUSES[trial.architecture], {"fault": kind, "calls": 2, "after": 4}):
            received = await trial.whole(trial.request())
        await _whole_text(trial, received)


@CASES.case(
    "A stream whose client is gone runs on and can be read to its end.",
    on=((websocket.NAME,),),
    manner="alone",
)
async def gone(trial: Trial) -> None:
    request = trial.request()
    async with trial.client() as client:
        parts = client.stream(request)
        received = await first_text(parts)
        async with trial.sandbox.fault("/connections/fault", {"fault": "gone"}):
            await trial.sandbox.fault_set_in("/connections/fault")
        await parts.aclose()
    replayed = await trial.resumed(request.chat_id)
    equal_parts("what came before", replayed[: len(received)], received)
    await _whole_text(trial, replayed)


@CASES.case(
    "Messages that AppSync duplicates, reorders or loses leave the answer as it is.",
    on=((appsync.NAME,),),
    manner="alone",
)
async def disordered_messages(trial: Trial) -> None:
    for kind in ("duplicated", "reordered", "dropped"):
        async with trial.sandbox.fault("/appsync/fault", {"fault": kind, "calls": 3, "after": 3}):
            received = await trial.whole(trial.request())
        await _whole_text(trial, received)


@CASES.case("The whole answer arrives although AppSync delivers no message.", on=((appsync.NAME,),), manner="alone")
async def lost_messages(trial: Trial) -> None:
    async with trial.sandbox.fault("/appsync/fault", {"fault": "dropped", "calls": 1000}, all_calls=False):
        received = await trial.whole(trial.request(SHORT_PROMPT))
    await _whole_text(trial, received)


@CASES.case("A piece of text of any size arrives in parts of at most 100 KB.", model_fault=OVERSIZED)
async def oversized_part(trial: Trial) -> None:
    received = await trial.whole(trial.request())
    each_once(received)
    ends_once(received, PartType.FINISH)
    sizes = [len(str(item.part).encode()) for item in received]
    expect(max(sizes) <= MAX_PART_BYTES, f"a part has {max(sizes)} bytes")
    expect(len(answer(received)) >= OVERSIZED_BYTES, f"the text has {len(answer(received))} characters")


@CASES.case(
    "A slow client receives everything, and its stream ends in time.",
    on=((function_url.NAME,),),
    model_fault=OVERSIZED,
)
async def slow_consumer(trial: Trial) -> None:
    request = trial.request()
    received: list[Received] = []
    async with trial.client() as client:
        async for item in client.stream(request):
            received.append(item)
            if item.type == PartType.TEXT_DELTA and len(received) < 20:
                await asyncio.sleep(0.1)
    each_once(received)
    ends_once(received, PartType.FINISH)
    equal_parts("what another tab reads", await trial.resumed(request.chat_id), received)
    [call] = await trial.sandbox.ended_model_calls(trial.word)
    same("the model's call", call["ended"], "finished")


async def _whole_text(trial: Trial, received: list[Received]) -> None:
    each_once(received)
    ends_once(received, PartType.FINISH)
    calls = await trial.sandbox.ended_model_calls(trial.word)
    same("the text", answer(received), calls[-1]["text"])
