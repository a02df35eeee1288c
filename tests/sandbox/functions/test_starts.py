"""How many environments start side by side, and what becomes of the invocations that want more."""

import asyncio
import json

import pytest

from sandbox.functions.limits import Limits
from sandbox.functions.service import FunctionService, Invocation, TooManyStarts
from tests.sandbox.functions.lab import Lab

STARTING = """
import os
from shared.gate import Gate
Gate("starting").wait()
def handler(event, context):
    return os.getpid()
"""
RUNNING = """
import os
from shared.gate import Gate
def handler(event, context):
    Gate(os.getpid()).wait()
"""


def invoked(service: FunctionService, name: str) -> asyncio.Task[Invocation]:
    return asyncio.ensure_future(service.invoke(name, b"{}"))


async def test_so_many_environments_start_side_by_side_and_the_other_invocations_are_throttled(lab: Lab) -> None:
    lab.add("one", STARTING)
    lab.add("other", STARTING)
    service = await lab.service(limits=Limits(starts=2, start_wait_seconds=0.01))
    asked = {invoked(service, name) for name in ("one", "other", "one", "other", "one")}
    starting = [await lab.gate.arrival() for _ in range(2)]
    refused: set[asyncio.Task[Invocation]] = set()
    async with asyncio.timeout(10):
        while len(refused) < 3:
            refused, _ = await asyncio.wait(asked, return_when=asyncio.FIRST_COMPLETED)
    for each in refused:
        with pytest.raises(TooManyStarts, match="Rate Exceeded"):
            each.result()
    for visit in starting:
        await visit.release()
    assert [(await each).function_error for each in asked - refused] == [None, None]


async def test_who_waits_starts_as_soon_as_another_has_started(lab: Lab) -> None:
    names = ("one", "two", "three")
    for name in names:
        lab.add(name, STARTING)
    service = await lab.service(limits=Limits(starts=1))
    asked = [invoked(service, name) for name in names]
    for _ in asked:
        await (await lab.gate.arrival()).release()
    assert [(await each).function_error for each in asked] == [None] * 3


async def test_who_waits_gets_a_warm_environment_as_soon_as_one_is_free(lab: Lab) -> None:
    lab.add("starting", STARTING)
    lab.add("running", RUNNING)
    service = await lab.service(limits=Limits(starts=1))
    first = invoked(service, "running")
    running = await lab.gate.arrival()
    slow = invoked(service, "starting")
    starting = await lab.gate.arrival()
    waiting = invoked(service, "running")
    await running.release()
    again = await lab.gate.arrival()
    assert again.said == running.said, "the same process"
    await again.release()
    await starting.release()
    assert [(await each).function_error for each in (first, slow, waiting)] == [None] * 3


async def test_a_start_that_fails_lets_the_next_one_begin(lab: Lab) -> None:
    lab.add("broken", "import nothing_like_this")
    lab.add("well", "def handler(event, context): return 'well'")
    service = await lab.service(limits=Limits(starts=1))
    broken = await service.invoke("broken", b"{}")
    assert json.loads(broken.payload)["errorType"] == "Runtime.ImportModuleError"
    assert (await service.invoke("well", b"{}")).payload == b'"well"'


async def test_an_event_that_cannot_start_waits_and_is_tried_again(lab: Lab) -> None:
    lab.add("starting", STARTING)
    lab.add("event", "from shared.gate import Gate\ndef handler(event, context): Gate(event)")
    limits = Limits(starts=1, start_wait_seconds=0.01, throttle_seconds=(0.01, 0.01))
    service = await lab.service(limits=limits)
    slow = invoked(service, "starting")
    starting = await lab.gate.arrival()
    service.invoke_event("event", b'"not lost"')
    with pytest.raises(TooManyStarts):  # as the event was by then: it came first
        await service.invoke("event", b"{}")
    await starting.release()
    assert (await lab.gate.arrival()).said == "not lost"
    assert (await slow).function_error is None
