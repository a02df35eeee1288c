"""Limits of a user: what is left can be asked for, and a refusal says which limit it was and when to ask again."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from shared.contract.errors import ErrorCode
from shared.contract.parts import PartType
from shared.contract.policy import POLICY
from shared.contract.tiers import Tier
from streamways.clients.client import Client
from streamways.clients.errors import Refused
from streamways.clients.factory import client_for
from streamways.conformance.case import Cases
from streamways.conformance.expect import expect, fail, same
from streamways.conformance.reading import ends_once, first_text, rest
from streamways.conformance.trial import SHORT_PROMPT, Trial

CASES = Cases()
FREE = POLICY[Tier.FREE]
INTERVAL_SECONDS = 3600 // FREE.requests_per_hour


@CASES.case(
    "A user can ask what is left of each limit; a stream that runs takes a place, and holds credits where they count.",
    manner="slow model",
)
async def limits(trial: Trial) -> None:
    async with trial.client() as client, trial.client() as asking:
        request = trial.request()
        parts = client.stream(request)
        received = await first_text(parts)
        told = await asking.limits()
        await asking.cancel(request.chat_id, request.stream_id)
        received += await rest(parts)
        later = await asking.limits()
    ends_once(received, PartType.ABORT)
    expect(told.tier in set(Tier), f"the tier is {told.tier!r}")
    expect(told.max_output_tokens > 0, f"an answer may have {told.max_output_tokens} tokens")
    for quota in (told.requests, told.streams):
        expect(0 <= quota.remaining <= quota.limit, f"{quota.remaining} are left of {quota.limit} {quota.name}")
    expect(told.streams.remaining < told.streams.limit, "a stream runs, and all places are said to be free")
    if told.credits is not None and later.credits is not None:
        held, left = told.credits.remaining, later.credits.remaining
        expect(held < left, f"{held} credits were left while the stream ran, and {left} are when it has ended")


@CASES.case(
    "Of a free user's answers one runs at a time: another chat is refused, and the same chat goes on.",
    needs=("sandbox",),
    manner="slow model",
)
async def one_at_a_time(trial: Trial) -> None:
    async with _stranger(trial) as client, _stranger(trial) as again:
        first = trial.request()
        parts = client.stream(first)
        received = await first_text(parts)
        refused = await _refused(again, trial)
        same("the refusal", refused.code, ErrorCode.CONCURRENCY_EXCEEDED)
        _says(refused, "concurrent-streams", FREE.concurrent_streams)
        new, old = await asyncio.gather(rest(again.stream(trial.request(SHORT_PROMPT, first.chat_id))), rest(parts))
        ends_once(received + old, PartType.ABORT)
        ends_once(new, PartType.FINISH)
        told = await client.limits()
        same("the places that are free at the end", told.streams.remaining, FREE.concurrent_streams)
        same("the tier", told.tier, Tier.FREE)
        same("the requests that are left", told.requests.remaining, FREE.requests_per_hour - 2)


@CASES.case(
    f"A free user has {FREE.requests_per_hour} requests an hour; the refusal of the next says when it is good.",
    needs=("sandbox",),
)
async def requests_an_hour(trial: Trial) -> None:
    async with _stranger(trial) as client:
        chat_id = trial.request().chat_id
        for _ in range(FREE.requests_per_hour):
            ends_once(await rest(client.stream(trial.request(SHORT_PROMPT, chat_id))), PartType.FINISH)
        refused = await _refused(client, trial)
        same("the refusal", refused.code, ErrorCode.RATE_LIMITED)
        _says(refused, "requests", FREE.requests_per_hour)
        seconds = refused.retry_after or 0
        expect(INTERVAL_SECONDS - 120 < seconds <= INTERVAL_SECONDS, f"the next is good after {seconds:g} s")
        told = await client.limits()
        same("the requests that are left", told.requests.remaining, 0)


@asynccontextmanager
async def _stranger(trial: Trial) -> AsyncGenerator[Client]:
    """A client of a free user of this trial's own."""
    token = await trial.sandbox.stranger(Tier.FREE, trial.word)
    async with client_for(trial.architecture, trial.stack.outputs, token, signer=trial.stack.signer) as client:
        yield client


async def _refused(client: Client, trial: Trial) -> Refused:
    """How a start in a new chat is refused."""
    try:
        received = await rest(client.stream(trial.request(SHORT_PROMPT)))
    except Refused as refused:
        return refused
    return fail(f"a start beyond the limit was answered with {len(received)} parts")


def _says(refused: Refused, name: str, limit: int) -> None:
    """Expects the facts of a limit that is used up."""
    facts = refused.limit or {}
    said = {each: facts.get(each) for each in ("name", "tier", "limit", "remaining")}
    same("what the refusal says", said, {"name": name, "tier": Tier.FREE, "limit": limit, "remaining": 0})
    expect((refused.retry_after or 0) > 0, f"it says to ask again after {refused.retry_after} s")
    expect(refused.status in (None, 200, 429), f"the HTTP status is {refused.status}, where GraphQL has 200")
