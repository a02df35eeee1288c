"""More starts at once, on a sandbox that has just started, than this machine can serve: nothing hangs or breaks."""

import asyncio
from collections import Counter
from collections.abc import Iterator

import pytest

from streamways.clients.client import ARCHITECTURES, Architecture, chat_request
from streamways.clients.errors import Refused
from streamways.clients.factory import client_for
from tests.support.sandbox import FAST, RunningSandbox, running_sandbox

STARTS = 15
"""On each architecture. All need an environment of their own while they stream, WebSocket and AppSync two others
before: on 2 cores, half of them could not be started within the time that clients wait for a connection."""


@pytest.fixture
def cold() -> Iterator[RunningSandbox]:
    with running_sandbox(*FAST) as running:
        yield running


async def outcome(sandbox: RunningSandbox, architecture: Architecture, token: str) -> str:
    """The type of the last part of an answer, or the code of its refusal. Whatever else happens fails the test."""
    try:
        async with client_for(architecture, sandbox.outputs, token) as client:
            return [received.type async for received in client.stream(chat_request("What is a lease?"))][-1]
    except Refused as refused:
        return refused.code


async def test_of_many_starts_at_once_each_ends_well_or_is_told_to_try_again(cold: RunningSandbox) -> None:
    token = cold.token()
    places = [architecture for architecture in ARCHITECTURES for _ in range(STARTS)]
    ends = await asyncio.gather(*(outcome(cold, architecture, token) for architecture in places))
    counted = Counter(zip(places, ends, strict=True))
    assert {end for _, end in counted} <= {"finish", "rate_limited"}, counted
    assert all(counted[architecture, "finish"] for architecture in ARCHITECTURES), counted
    assert [await outcome(cold, architecture, token) for architecture in ARCHITECTURES] == ["finish"] * 3
