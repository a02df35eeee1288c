"""Events that come twice, late, in another order or never, on demand; and workers that are killed."""

import asyncio
import os
from functools import partial

import pytest

from sandbox.forms import Form, FormRefused
from sandbox.functions.event_faults import EventFaults
from tests.sandbox.functions.lab import Lab

REPORTING = """
from shared.gate import Gate
def handler(event, context):
    Gate([context.aws_request_id, event])
"""
WAITING = """
import os
from shared.gate import Gate
def handler(event, context):
    Gate(os.getpid()).wait()
"""


class Deliveries:
    """What was delivered, in the order in which it was worked off; each may be made to wait."""

    def __init__(self, faults: EventFaults) -> None:
        self.faults = faults
        self.done: list[str] = []
        self._tasks: list[asyncio.Task[None]] = []

    async def send(self, *events: str, function: str = "worker-1") -> None:
        """Send these, one after another, none waited for."""
        for event in events:
            work, give_up = partial(self._work, event), partial(self._work, f"{event} is too old")
            self._tasks.append(asyncio.create_task(self.faults.carry(function, work, give_up)))
            for _ in range(5):  # as far as it gets by itself
                await asyncio.sleep(0)

    async def all(self) -> list[str]:
        async with asyncio.timeout(10):
            await asyncio.gather(*self._tasks)
        return self.done

    async def _work(self, event: str) -> None:
        self.done.append(event)


@pytest.fixture
def deliveries() -> Deliveries:
    return Deliveries(EventFaults())


@pytest.mark.parametrize(
    ("fault", "arrives"),
    [
        ({"fault": "duplicate", "after": 1}, ["a", "b", "b", "c", "d"]),
        ({"fault": "aged_duplicate", "after": 1}, ["a", "b", "b is too old", "c", "d"]),
        ({"fault": "dropped", "calls": 2}, ["c", "d"]),
        ({"fault": "reordered", "after": 1}, ["a", "c", "b", "d"]),
        ({"fault": "reordered", "calls": 2}, ["c", "b", "a", "d"]),
        ({"fault": "late", "seconds": 0.05}, ["b", "c", "d", "a"]),
        ({"fault": "duplicate", "seconds": 0.05}, ["a", "b", "c", "d", "a"]),
        ({"fault": "reordered", "seconds": 0.05, "after": 3}, ["a", "b", "c", "d"]),
    ],
)
async def test_events_come_twice_never_late_or_after_the_next(
    deliveries: Deliveries, fault: dict[str, object], arrives: list[str]
) -> None:
    deliveries.faults.ask(Form(fault))
    await deliveries.send("a", "b", "c", "d")
    assert await deliveries.all() == arrives


async def test_an_event_is_overtaken_by_one_of_its_own_function_only(deliveries: Deliveries) -> None:
    deliveries.faults.ask(Form({"fault": "reordered", "seconds": 1000}))
    await deliveries.send("a")
    await deliveries.send("other", function="another")
    assert deliveries.done == ["other"]
    await deliveries.send("b")
    assert await deliveries.all() == ["other", "b", "a"]


async def test_a_fault_can_be_meant_for_one_function(deliveries: Deliveries) -> None:
    deliveries.faults.ask(Form({"fault": "dropped", "function": "worker"}))
    await deliveries.send("kept", function="reaper-1")
    await deliveries.send("lost")
    await deliveries.send("kept too")
    assert await deliveries.all() == ["kept", "kept too"]


def test_a_dropped_event_has_no_seconds() -> None:
    with pytest.raises(FormRefused, match="unknown: seconds"):
        EventFaults().ask(Form({"fault": "dropped", "seconds": 1}))


async def test_a_duplicate_reaches_the_function_under_the_same_request_id(lab: Lab) -> None:
    lab.add("reporting", REPORTING)
    service = await lab.service()
    service.event_faults.ask(Form({"fault": "duplicate"}))
    request_id = service.invoke_event("reporting", b'"x"')
    assert [(await lab.gate.arrival()).said for _ in range(2)] == [[request_id, "x"]] * 2
    service.invoke_event("reporting", b'"y"')
    assert (await lab.gate.arrival()).said[1] == "y"


async def test_the_processes_that_run_an_invocation_are_killed_and_no_others(lab: Lab) -> None:
    lab.add("worker-a", WAITING)
    lab.add("worker-b", WAITING)
    lab.add("other", WAITING)
    service = await lab.service(warm=1)
    running = {name: asyncio.ensure_future(service.invoke(name, b"{}")) for name in ("worker-a", "other")}
    visits = [await lab.gate.arrival() for _ in running]
    assert await service.kill("worker") == 1
    killed = await running["worker-a"]
    assert b"signal: killed" in killed.payload
    assert killed.function_error == "Unhandled"
    assert await service.kill("worker") == 0
    for visit in visits:
        try:
            os.kill(visit.said, 0)
        except ProcessLookupError:
            continue
        await visit.release()
    assert (await running["other"]).function_error is None
