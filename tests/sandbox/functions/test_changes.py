"""The World changes while functions run: what is new starts, what is changed starts anew, what is gone ends."""

import asyncio
from dataclasses import replace

import pytest

from sandbox.errors import ResourceRefused
from sandbox.functions.limits import Limits
from sandbox.functions.service import FunctionNotFound
from sandbox.world import ACCOUNT_ID, ResourcePermission, Schedule
from tests.sandbox.functions.lab import REGION, Lab

SAYING = """
import os
from shared.gate import Gate
gate = Gate("loaded " + os.environ["WORD"])
def handler(event, context):
    if event: Gate("running " + os.environ["WORD"]).wait()
    return os.environ["WORD"]
"""
REPORTING = """
from shared.gate import Gate
def handler(event, context):
    Gate(event["resources"])
"""
QUICK = Limits(time_scale=1 / 600)
RULE = f"arn:aws:events:{REGION}:{ACCOUNT_ID}:rule/late"


async def test_a_changed_function_runs_as_it_is_now_and_what_runs_ends_as_it_began(lab: Lab) -> None:
    function = lab.add("saying", SAYING)
    function.environment = {**function.environment, "WORD": "old"}
    service = await lab.service(warm=1)
    old = await lab.gate.arrival()
    assert old.said == "loaded old"
    running = asyncio.ensure_future(service.invoke("saying", b"true"))
    busy = await lab.gate.arrival()
    lab.world.functions["saying"] = replace(function, environment={**function.environment, "WORD": "new"})
    await service.rollout.apply()
    assert (await lab.gate.arrival()).said == "loaded new", "an environment is warm before anybody asks"
    assert (await service.invoke("saying", b"false")).payload == b'"new"'
    await busy.release()
    assert (await running).payload == b'"old"'
    assert await old.next() is None, "the old environment has ended with its invocation"


async def test_a_function_that_is_gone_is_not_found_and_its_environments_end(lab: Lab) -> None:
    function = lab.add("saying", SAYING)
    function.environment = {**function.environment, "WORD": "old"}
    service = await lab.service(warm=1)
    idle = await lab.gate.arrival()
    del lab.world.functions["saying"]
    await service.rollout.apply()
    assert await idle.next() is None
    with pytest.raises(FunctionNotFound):
        await service.invoke("saying", b"false")


async def test_nothing_changes_when_one_function_cannot_run(lab: Lab) -> None:
    function = lab.add("saying", SAYING)
    function.environment = {**function.environment, "WORD": "old"}
    service = await lab.service(warm=1)
    await lab.gate.arrival()
    lab.world.functions["saying"] = replace(function, environment={"AWS_REGION": "eu-west-1"})
    with pytest.raises(ResourceRefused, match="AWS_REGION"):
        service.rollout.verify("saying")
    with pytest.raises(ResourceRefused, match="AWS_REGION"):
        await service.rollout.apply()
    assert (await service.invoke("saying", b"false")).payload == b'"old"'


async def test_who_may_invoke_a_function_is_nothing_to_its_environments(lab: Lab) -> None:
    function = lab.add("saying", "import os\ndef handler(event, context): return os.getpid()")
    service = await lab.service(warm=1)
    before = (await service.invoke("saying", b"{}")).payload
    permissions = {"call": ResourcePermission("call", "lambda:InvokeFunction", "*")}
    lab.world.functions["saying"] = replace(function, permissions=permissions)
    await service.rollout.apply()
    assert (await service.invoke("saying", b"{}")).payload == before


async def test_a_rule_that_comes_later_fires_and_one_that_is_gone_does_not(lab: Lab) -> None:
    function = lab.add("reporting", REPORTING)
    service = await lab.service(limits=QUICK)
    permission = ResourcePermission("rule", "lambda:InvokeFunction", "events.amazonaws.com")
    function.permissions["rule"] = permission
    lab.world.schedules["late"] = Schedule("late", RULE, 60, {"0": function.arn})
    await service.rollout.apply()
    assert (await lab.gate.arrival()).said == [RULE]
    other = RULE.replace("late", "other")
    del lab.world.schedules["late"]
    lab.world.schedules["other"] = Schedule("other", other, 60, {"0": function.arn})
    await service.rollout.apply()
    said = [(await lab.gate.arrival()).said for _ in range(4)]
    assert said[-3:] == [[other]] * 3, "one firing of the first rule may have been on its way"


async def test_a_version_that_comes_later_is_warm_when_its_alias_moves_there(lab: Lab) -> None:
    function = lab.add("saying", SAYING, environment={"WORD": "old"})
    live = lab.publish(function)
    service = await lab.service(warm=1)
    assert (await lab.gate.arrival()).said == "loaded old"
    running = asyncio.ensure_future(service.invoke(live, b"true"))
    busy = await lab.gate.arrival()

    changed = replace(function, environment={**function.environment, "WORD": "new"})
    lab.world.functions["saying"] = changed
    changed.publish()
    await service.rollout.apply()
    assert (await service.invoke(live, b"false")).payload == b'"old"', "nobody is sent to a version by its being there"
    changed.aliases["live"].version = "2"
    await service.rollout.apply()
    assert (await said(lab)) == "loaded new"
    assert (await service.invoke(live, b"false")).payload == b'"new"'
    assert (await service.invoke(f"{function.arn}:1", b"false")).payload == b'"old"', "it is called by its number"

    await busy.release()
    invocation = await running
    assert (invocation.payload, invocation.executed_version) == (b'"old"', "1")
    assert await busy.next() is None


async def test_a_function_that_comes_again_has_versions_of_its_own(lab: Lab) -> None:
    function = lab.add("saying", SAYING, environment={"WORD": "first"})
    live = lab.publish(function)
    service = await lab.service()
    assert (await service.invoke(live, b"false")).payload == b'"first"'
    again = replace(function, environment={**function.environment, "WORD": "second"}, versions={}, aliases={})
    lab.world.functions["saying"] = again
    assert lab.publish(again) == live
    await service.rollout.apply()
    assert (await service.invoke(live, b"false")).payload == b'"second"'


async def test_an_edit_of_the_code_of_a_function_that_came_later_is_seen(lab: Lab) -> None:
    service = await lab.service(warm=1)
    live = lab.publish(lab.add("saying", SAYING, environment={"WORD": "added"}))
    await service.rollout.apply()
    assert (await lab.gate.arrival()).said == "loaded added"
    assert (await service.invoke(live, b"false")).executed_version == "1"
    lab.write("saying", SAYING + "# edited\n")
    await lab.gate.arrival()
    assert (await service.invoke(live, b"false")).executed_version == "2"


async def said(lab: Lab) -> object:
    """What the next environment says that is not of an old version."""
    while (visit := await lab.gate.arrival()).said == "loaded old":
        pass
    return visit.said
