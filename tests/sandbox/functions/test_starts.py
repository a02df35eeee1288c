"""How many environments start side by side, and what becomes of the invocations that want more."""

import asyncio
import contextlib
import json
from collections.abc import AsyncGenerator
from pathlib import Path

import pytest

from sandbox.functions.concurrency import Concurrency
from sandbox.functions.environment import Host
from sandbox.functions.layers import Layers
from sandbox.functions.limits import Limits
from sandbox.functions.pool import Pool
from sandbox.functions.ports import Ports
from sandbox.functions.process import Leash
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


@pytest.fixture
def one_turn(lab: Lab) -> Concurrency:
    """Room for one start."""
    return Concurrency(lab.world, Limits(starts=1))


@pytest.fixture
async def pool(lab: Lab, one_turn: Concurrency, tmp_path: Path) -> AsyncGenerator[Pool]:
    """A pool that starts an environment when there is a turn for it."""
    limits = Limits(starts=1)
    layers = Layers(lab.packages, tmp_path / "functions")
    layers.prepare()
    address = f"{lab.world.origin}/aws"
    host = Host(lab.world, lab.credentials, lab.logs, layers, limits, address, None, Leash(), Ports(lab.port))
    function = lab.add("waiting", "def handler(event, context): return None")
    pool = Pool(host, function, one_turn, ready=0)
    await pool.use(layers.task_root(function))
    yield pool
    await pool.close()
    host.leash.close()


async def have_a_turn(concurrency: Concurrency) -> None:
    async with asyncio.timeout(10), concurrency.turn():
        pass


async def have_an_environment(pool: Pool) -> None:
    async with pool.invocation("arn", "request", b"{}", "trace"):
        pass


async def until_it_waits() -> None:
    """Lets the other tasks run until each waits for another."""
    for _ in range(10):
        await asyncio.sleep(0)


@pytest.mark.parametrize("with_its_turn", [False, True])
async def test_who_is_cancelled_keeps_no_turn_also_when_it_came_at_that_moment(
    one_turn: Concurrency, with_its_turn: bool
) -> None:
    async with one_turn.turn():
        waiting = asyncio.ensure_future(have_a_turn(one_turn))
        await until_it_waits()
        if not with_its_turn:
            waiting.cancel()
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    await have_a_turn(one_turn)


@pytest.mark.parametrize("with_its_turn", [False, True])
async def test_an_invocation_that_is_cancelled_keeps_no_turn_also_when_it_came_at_that_moment(
    pool: Pool, one_turn: Concurrency, with_its_turn: bool
) -> None:
    async with one_turn.turn():
        waiting = asyncio.ensure_future(have_an_environment(pool))
        await until_it_waits()
        if not with_its_turn:
            waiting.cancel()
            await until_it_waits()
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    await have_a_turn(one_turn)


async def test_an_environment_that_came_to_an_invocation_as_it_was_cancelled_goes_to_the_next(
    pool: Pool, one_turn: Concurrency
) -> None:
    async with contextlib.AsyncExitStack() as running, contextlib.AsyncExitStack() as starting:
        lease = await running.enter_async_context(pool.invocation("arn", "first", b"{}", "trace"))
        await starting.enter_async_context(one_turn.turn())
        waiting = asyncio.ensure_future(have_an_environment(pool))
        await until_it_waits()
        await running.aclose()
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting
        async with pool.invocation("arn", "second", b"{}", "trace") as again:
            assert again.environment is lease.environment
