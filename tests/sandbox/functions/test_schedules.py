"""EventBridge's schedules: what a firing is, who may be invoked by one, and which functions are not started for it."""

import asyncio
import re

import pytest

from sandbox.functions.limits import Limits
from sandbox.functions.schedules import Schedules
from sandbox.world import ACCOUNT_ID, EventInvokeConfig, Function, ResourcePermission, Schedule
from tests.sandbox.functions.lab import REGION, Lab

QUICK = Limits(time_scale=1 / 600)
"""A minute is a tenth of a second."""
REPORTING = """
from shared.gate import Gate
def handler(event, context):
    Gate(event)
"""
STARTED = """
from shared.gate import Gate
Gate("{name}")
def handler(event, context): ...
"""
RULE = f"arn:aws:events:{REGION}:{ACCOUNT_ID}:rule/sweep"


def schedule(lab: Lab, *functions: Function) -> None:
    targets = {str(number): function.arn for number, function in enumerate(functions)}
    lab.world.schedules["sweep"] = Schedule("sweep", RULE, 60, targets)


def permit(function: Function, source_arn: str | None = RULE, principal: str = "events.amazonaws.com") -> None:
    function.permissions["rule"] = ResourcePermission("rule", "lambda:InvokeFunction", principal, source_arn=source_arn)


async def test_each_period_every_target_gets_a_scheduled_event_of_its_rule(lab: Lab) -> None:
    one, other = lab.add("one", REPORTING), lab.add("other", REPORTING)
    schedule(lab, one, other)
    permit(one)
    permit(other)
    await lab.service(limits=QUICK)
    said = [(await lab.gate.arrival()).said for _ in range(4)]
    for event in said:
        assert re.fullmatch(r"[0-9a-f-]{36}", event.pop("id"))
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", event.pop("time"))
        assert event == {
            "version": "0",
            "detail-type": "Scheduled Event",
            "source": "aws.events",
            "account": ACCOUNT_ID,
            "region": REGION,
            "resources": [RULE],
            "detail": {},
        }


async def test_a_rule_fires_no_sooner_than_its_period(lab: Lab) -> None:
    function = lab.add("one", REPORTING)
    schedule(lab, function)
    permit(function)
    sent: list[str] = []

    def send(name: str, _event: bytes) -> str:
        sent.append(name)
        return "request"

    running = asyncio.ensure_future(Schedules(lab.world, Limits(), send).run())
    for _ in range(10):
        await asyncio.sleep(0)
    assert not running.done()
    assert sent == []
    running.cancel()


@pytest.mark.parametrize(
    ("source_arn", "principal"),
    [(RULE, "apigateway.amazonaws.com"), (RULE.replace("sweep", "other"), "events.amazonaws.com")],
)
async def test_a_function_that_does_not_permit_the_rule_is_not_invoked(
    lab: Lab, caplog: pytest.LogCaptureFixture, source_arn: str, principal: str
) -> None:
    allowed, refused = lab.add("allowed", REPORTING), lab.add("refused", "raise SystemExit('not to be started')")
    schedule(lab, refused, allowed)
    permit(allowed)
    permit(refused, source_arn, principal)
    await lab.service(limits=QUICK)
    await lab.gate.arrival()
    assert f"The rule sweep may not invoke {refused.arn}" in caplog.text
    assert lab.log("refused") == []


async def test_a_rule_goes_on_when_a_target_fails(lab: Lab) -> None:
    config = EventInvokeConfig(maximum_retry_attempts=0)
    function = lab.add("failing", REPORTING + "    raise ValueError\n", event_invoke=config)
    schedule(lab, function)
    permit(function)
    await lab.service(limits=QUICK)
    first, second = [(await lab.gate.arrival()).said["id"] for _ in range(2)]
    assert first != second


async def test_functions_that_only_clear_up_after_others_start_when_they_are_needed(lab: Lab) -> None:
    told, swept = lab.add("told", STARTED.format(name="told")), lab.add("swept", STARTED.format(name="swept"))
    schedule(lab, swept)
    lab.add("worker", STARTED.format(name="worker"), event_invoke=EventInvokeConfig(on_failure=told.arn))
    service = await lab.service(warm=1)
    assert (await lab.gate.arrival()).said == "worker"
    for name in ("swept", "told"):
        await service.invoke(name, b"{}")
        assert (await lab.gate.arrival()).said == name, "it was started before"
