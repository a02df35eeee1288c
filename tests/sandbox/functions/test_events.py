"""Asynchronous invocations: retries, age, destinations."""

import asyncio
import json

import pytest

from sandbox.errors import ResourceRefused
from sandbox.functions.errors import FunctionNotFound
from sandbox.functions.events import Events, Invocation
from sandbox.functions.limits import Limits
from sandbox.world import EventInvokeConfig
from tests.sandbox.functions.lab import Lab, Visit

QUICK = Limits(time_scale=1 / 10_000, throttle_seconds=(100, 400))
FAILING = """
from shared.gate import Gate
def handler(event, context):
    Gate(context.aws_request_id)
    raise ValueError(event["why"])
"""
REPORTING = """
from shared.gate import Gate
def handler(event, context):
    Gate(event)
"""
WAITING = """
from shared.gate import Gate
def handler(event, context):
    Gate(event).wait()
    return "done"
"""


def may_invoke(lab: Lab, name: str) -> dict[str, str]:
    return {
        "Effect": "Allow",
        "Action": "lambda:InvokeFunction",
        "Resource": f"arn:aws:lambda:{lab.world.region}:000000000000:function:{name}",
    }


def arn(name: str) -> str:
    return f"arn:aws:lambda:us-east-1:000000000000:function:{name}"


async def record(lab: Lab) -> dict[str, object]:
    """What the destination gets, skipping what the function itself says at the gate."""
    while not isinstance(said := (await lab.gate.arrival()).said, dict):
        pass
    return said


async def test_a_failed_event_is_tried_three_times_under_one_request_id(lab: Lab) -> None:
    lab.add("failing", FAILING)
    service = await lab.service(limits=QUICK)
    request_id = service.invoke_event("failing", b'{"why": "no"}')
    assert [(await lab.gate.arrival()).said for _ in range(3)] == [request_id] * 3


async def test_an_event_of_a_function_that_is_gone_by_then_is_dropped(lab: Lab) -> None:
    lab.add("failing", FAILING, event_invoke=EventInvokeConfig(on_failure=arn("reaper")))
    callee, told = lab.world.callee("failing"), list[str]()

    async def invoke(called: str, _request_id: str, _payload: bytes) -> Invocation:
        raise FunctionNotFound(called)

    def send(destination: str, _record: bytes) -> str:
        told.append(destination)
        return "id"

    await Events(lab.world, QUICK, invoke, send).deliver(callee, "id", b"{}")
    assert told == []


async def test_without_retries_a_failed_event_is_tried_once_and_told_to_its_destination(lab: Lab) -> None:
    config = EventInvokeConfig(maximum_retry_attempts=0, on_failure=arn("reaper"))
    lab.add("failing", FAILING, event_invoke=config, policy=may_invoke(lab, "reaper"))
    lab.add("reaper", REPORTING)
    service = await lab.service(limits=QUICK)
    request_id = service.invoke_event("failing", b'{"why": "no"}')
    assert (await lab.gate.arrival()).said == request_id
    told = (await lab.gate.arrival()).said
    assert told["version"] == "1.0"
    assert told["timestamp"].endswith("Z")
    assert told["requestContext"] == {
        "requestId": request_id,
        "functionArn": arn("failing") + ":$LATEST",
        "condition": "RetriesExhausted",
        "approximateInvokeCount": 1,
    }
    assert told["requestPayload"] == {"why": "no"}
    assert told["responseContext"] == {
        "statusCode": 200,
        "executedVersion": "$LATEST",
        "functionError": "Unhandled",
    }
    assert told["responsePayload"]["errorMessage"] == "no"


async def test_a_crash_and_a_timeout_reach_the_destination_too(lab: Lab) -> None:
    config = EventInvokeConfig(maximum_retry_attempts=0, on_failure=arn("reaper"))
    policy = may_invoke(lab, "reaper")
    lab.add("crash", "import os\ndef handler(event, context): os._exit(1)", event_invoke=config, policy=policy)
    lab.add("slow", WAITING, event_invoke=config, policy=policy, timeout=1)
    lab.add("reaper", REPORTING)
    service = await lab.service(limits=QUICK)
    for name, error_type in (("crash", "Runtime.ExitError"), ("slow", "Sandbox.Timedout")):
        service.invoke_event(name, b'"x"')
        told = await record(lab)
        assert json.loads(json.dumps(told["responsePayload"]))["errorType"] == error_type


async def test_a_process_that_is_killed_on_demand_has_failed_its_event(lab: Lab) -> None:
    config = EventInvokeConfig(maximum_retry_attempts=0, on_failure=arn("reaper"))
    lab.add("worker-1", WAITING, event_invoke=config, policy=may_invoke(lab, "reaper"))
    lab.add("other", WAITING)
    lab.add("reaper", REPORTING)
    service = await lab.service(limits=QUICK, warm=2)
    other = asyncio.ensure_future(service.invoke("other", b"{}"))
    spared = await lab.gate.arrival()
    service.invoke_event("worker-1", b'{"stream": "s"}')
    await lab.gate.arrival()
    assert await service.kill("worker") == 1, "the other environment is idle"
    told = (await lab.gate.arrival()).said
    assert told["requestPayload"] == {"stream": "s"}
    assert told["responsePayload"]["errorType"] == "Runtime.ExitError"
    assert await service.kill("worker") == 0
    await spared.release()
    assert (await other).payload == b'"done"'


async def test_success_is_told_where_that_is_wanted(lab: Lab) -> None:
    config = EventInvokeConfig(on_success=arn("next"))
    lab.add("fine", "def handler(event, context): return 7", event_invoke=config, policy=may_invoke(lab, "next"))
    lab.add("next", REPORTING)
    service = await lab.service(limits=QUICK)
    service.invoke_event("fine", b"{}")
    told = (await lab.gate.arrival()).said
    assert told["requestContext"]["condition"] == "Success"
    assert told["responsePayload"] == 7
    assert told["responseContext"] == {"statusCode": 200, "executedVersion": "$LATEST"}


async def test_a_throttled_event_waits_for_its_turn(lab: Lab) -> None:
    lab.add("waiting", WAITING, reserved=1)
    service = await lab.service(limits=QUICK)
    visits: list[Visit] = []
    for number in range(2):
        service.invoke_event("waiting", str(number).encode())
    for _ in range(2):
        visits.append(await lab.gate.arrival())
        await visits[-1].release()
    assert {visit.said for visit in visits} == {0, 1}


async def test_a_throttled_event_is_dropped_at_its_age(lab: Lab) -> None:
    config = EventInvokeConfig(maximum_event_age_seconds=60, on_failure=arn("reaper"))
    lab.add("waiting", WAITING, reserved=1, event_invoke=config, policy=may_invoke(lab, "reaper"))
    lab.add("reaper", REPORTING)
    service = await lab.service(limits=QUICK)
    running = asyncio.ensure_future(service.invoke("waiting", b"1"))
    visit = await lab.gate.arrival()
    service.invoke_event("waiting", b"2")
    told = await record(lab)
    assert told["requestContext"] == {
        "requestId": told["requestContext"]["requestId"],  # pyright: ignore[reportIndexIssue]
        "functionArn": arn("waiting") + ":$LATEST",
        "condition": "EventAgeExceeded",
        "approximateInvokeCount": 0,
    }
    assert told["requestPayload"] == 2
    assert "responsePayload" not in told
    await visit.release()
    await running


async def test_a_role_that_may_not_invoke_the_destination_tells_it_nothing(
    lab: Lab, caplog: pytest.LogCaptureFixture
) -> None:
    config = EventInvokeConfig(maximum_retry_attempts=0, on_failure=arn("reaper"))
    lab.add("failing", FAILING, event_invoke=config)
    lab.add("reaper", REPORTING)
    service = await lab.service(limits=QUICK)
    request_id = service.invoke_event("failing", b'{"why": "no"}')
    assert (await lab.gate.arrival()).said == request_id
    await service.invoke("reaper", b'"asked"')
    assert (await lab.gate.arrival()).said == "asked", "the failure came first, and was not told"
    assert "may not lambda:InvokeFunction its destination" in caplog.text


async def test_a_destination_that_the_sandbox_does_not_have_is_refused_at_deployment(lab: Lab) -> None:
    lab.add("fine", REPORTING, event_invoke=EventInvokeConfig(on_failure="arn:aws:sqs:us-east-1:000000000000:dead"))
    with pytest.raises(ResourceRefused, match="arn:aws:sqs"):
        await lab.service()
