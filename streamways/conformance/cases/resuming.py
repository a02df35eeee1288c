"""Resume: no part is lost and none comes twice, wherever a reader stopped, and nobody else reads along."""

import asyncio
import random
from itertools import islice

from shared.contract.architectures import appsync
from shared.contract.errors import ErrorCode
from shared.contract.parts import TERMINAL, PartType
from streamways.clients.client import Received, new_id
from streamways.clients.errors import NothingActive
from streamways.clients.graphql import GraphqlApi
from streamways.clients.summary import answer, message_metadata
from streamways.conformance.case import PAIRS, Cases
from streamways.conformance.expect import fail, same
from streamways.conformance.reading import (
    each_once,
    ends_once,
    equal_parts,
    first_text,
    not_there,
    placed,
    placed_text,
    refused,
    rest,
    some,
    stop_reason,
)
from streamways.conformance.trial import SHORT_PROMPT, Trial

CASES = Cases()
CHAIN_SIZES = (1, 1, 2, 3, 5, 8, 13)
"""After how many parts the readers of a running stream hang up, one after the other."""
MOST_CUTS = 12


@CASES.case("A running stream whose readers disconnect again and again arrives whole, each part once.")
async def resume_while_running(trial: Trial) -> None:
    request = trial.request()
    received: list[Received] = []
    for size in CHAIN_SIZES:
        async with trial.client() as client:
            parts = client.resume(request.chat_id, received[-1].cursor) if received else client.stream(request)
            received += placed(await some(parts, size))
            await parts.aclose()
        if received and received[-1].type in TERMINAL:
            break
    else:
        received += await trial.resumed(request.chat_id, received[-1].cursor if received else None)
    each_once(received)
    ends_once(received, PartType.FINISH)
    equal_parts("all readers together", received, await trial.resumed(request.chat_id))


@CASES.case("A resume after any part delivers exactly the parts that follow it.")
async def resume_at_every_cut(trial: Trial) -> None:
    request = trial.request(SHORT_PROMPT)
    whole = await trial.whole(request)
    cuts = [index for index, item in enumerate(whole[:-1]) if item.cursor is not None]
    if len(cuts) > MOST_CUTS:
        middle = sorted(random.Random(trial.word).sample(cuts[1:-1], MOST_CUTS - 2))
        cuts = [cuts[0], *middle, cuts[-1]]
    async with trial.client() as client:
        for cut in cuts:
            parts = await rest(client.resume(request.chat_id, whole[cut].cursor))
            equal_parts(f"resumed after part {cut}", parts, whole[cut + 1 :])


@CASES.case("A resume shortly after the end replays the stream from its first part.")
async def resume_after_the_end(trial: Trial) -> None:
    request = trial.request(SHORT_PROMPT)
    whole = await trial.whole(request)
    equal_parts("the replay", await trial.resumed(request.chat_id), whole)


@CASES.case("A chat without any stream has nothing to resume.")
async def nothing_to_resume(trial: Trial) -> None:
    async with trial.client() as client:
        try:
            first = await anext(client.resume(new_id("chat")))
        except NothingActive:
            return
    fail(f"a chat that nobody began was resumed, with a part of the type {first.type}")


@CASES.case("Another user cannot resume or cancel a stream, and cannot read its chat.", needs=("second user",))
async def foreign_resume(trial: Trial) -> None:
    request = trial.request()
    async with trial.client() as mine, trial.client("second") as other:
        parts = mine.stream(request)
        received = await first_text(parts)
        await refused("another's stream", ErrorCode.NOT_FOUND, parts=other.resume(request.chat_id))
        await not_there("another's chat", other.read(request.chat_id))
        await denied_or_nothing(trial, request.chat_id, request.stream_id)
        received += await rest(parts)
    ends_once(received, PartType.FINISH)


async def denied_or_nothing(trial: Trial, chat_id: str, stream_id: str) -> None:
    """A cancel of the second user may be refused, or taken for a stream of their own that has not begun."""
    async with trial.client("second") as other:
        try:
            await other.cancel(chat_id, stream_id)
        except Exception as error:
            same("the refusal of another's cancel", getattr(error, "code", repr(error)), ErrorCode.NOT_FOUND)


@CASES.case("Another user cannot read the journal of a stream.", on=((appsync.NAME,),), needs=("second user",))
async def foreign_parts(trial: Trial) -> None:
    request = trial.request(SHORT_PROMPT)
    await trial.whole(request)
    api = GraphqlApi(trial.stack.outputs[appsync.URL], trial.stack.tokens["second"])
    try:
        await not_there("another's journal", api.parts(request.stream_id, None))
    finally:
        await api.close()


@CASES.case("Several tabs receive the same parts of one stream at the same time.")
async def two_tabs(trial: Trial) -> None:
    request = trial.request()
    async with trial.client() as first, trial.client() as second, trial.client() as third:
        parts = first.stream(request)
        received = await first_text(parts)
        rests = await asyncio.gather(
            rest(parts), rest(second.resume(request.chat_id)), rest(third.resume(request.chat_id))
        )
    received += rests[0]
    each_once(received)
    ends_once(received, PartType.FINISH)
    for tab in rests[1:]:
        equal_parts("another tab", tab, received)


@CASES.case("A stream whose client disconnects runs to its end with one model call.")
async def disconnect(trial: Trial) -> None:
    request = trial.request()
    async with trial.client() as client:
        parts = client.stream(request)
        received = await first_text(parts)
        await parts.aclose()
    replayed = await trial.resumed(request.chat_id)
    ends_once(replayed, PartType.FINISH)
    equal_parts("what came before", received, list(islice(replayed, len(received))))
    if trial.stack.sandbox is not None:
        [call] = await trial.stack.sandbox.ended_model_calls(trial.word)
        same("the model's call", call["ended"], "finished")
        same("the text", answer(replayed), call["text"])


@CASES.case(
    "A disconnected reader receives the end of its own stream, although a newer stream began in the chat.",
    manner="slow model",
)
async def resume_of_a_superseded_stream(trial: Trial) -> None:
    first = trial.request()
    second = trial.request(SHORT_PROMPT, first.chat_id)
    async with trial.client() as client, trial.client() as tab:
        parts = client.stream(first)
        received = await placed_text(parts)
        await parts.aclose()
        newer = await rest(tab.stream(second))
        older = await rest(client.resume(first.chat_id, received[-1].cursor))
    ends_once(older, PartType.ABORT)
    same("why the old stream ended", stop_reason(older), "superseded")
    same("the id of the stream in its end", message_metadata(older).get("streamId"), first.stream_id)
    each_once([*received, *older, *newer])


@CASES.case("A resume with a number instead of a cursor, or with a cursor of another chat, is refused.")
async def resume_at_no_place(trial: Trial) -> None:
    one, other = trial.request(SHORT_PROMPT), trial.request(SHORT_PROMPT)
    received = await trial.whole(one)
    await trial.whole(other)
    async with trial.client() as client:
        for cursor in ("0", "12", "nothing", "x" * 1000):
            await refused(
                f"the cursor {cursor[:10]!r}", ErrorCode.INVALID_REQUEST, parts=client.resume(one.chat_id, cursor)
            )
        elsewhere = client.resume(other.chat_id, placed(received)[-1].cursor)
        await refused("a cursor of another chat", ErrorCode.INVALID_REQUEST, parts=elsewhere)


@CASES.case("A stream that began on one transport is resumed on another with the same parts and cursors.", on=PAIRS)
async def resume_across(trial: Trial) -> None:
    begun, other = trial.on
    request = trial.request()
    async with trial.client(on=begun) as client:
        parts = client.stream(request)
        place = (await placed_text(parts))[-1].cursor
        continued, live = await asyncio.gather(trial.resumed(request.chat_id, place, on=other), rest(parts))
    equal_parts(f"resumed on {other}", continued, live)
    ends_once(continued, PartType.FINISH)
