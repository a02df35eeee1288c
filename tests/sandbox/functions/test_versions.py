"""Versions and aliases in real processes: what runs, what it is told, and how an alias moves and moves back."""

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any, cast

import pytest
from botocore.exceptions import ClientError

from sandbox.aws.bedrock import ModelEmulator
from sandbox.aws.gateway import Gateway
from sandbox.aws.moto_proxy import MotoProxy
from sandbox.functions.limits import Limits
from sandbox.functions.service import FunctionNotFound, FunctionService
from sandbox.world import EventInvokeConfig, ResourcePermission, Schedule
from tests.sandbox.aws.serving import client, listener, serving
from tests.sandbox.functions.lab import Lab, Visit
from tests.sandbox.functions.test_schedules import QUICK, REPORTING, RULE
from tests.sandbox.functions.urls import PUBLIC_FUNCTION, PUBLIC_URL, Urls

TOLD = """
import os
def handler(event, context):
    return [
        context.function_version,
        context.invoked_function_arn,
        os.environ["AWS_LAMBDA_FUNCTION_VERSION"],
        context.log_stream_name,
    ]
"""
ANSWERING = """
from shared.gate import Gate
gates = [Gate("loaded {0}")]  # open while the process lives
def handler(event, context):
    if event:
        gates.append(Gate("running {0}"))
        gates[-1].wait()
    return {0}
"""
WEB = """
from shared.gate import Gate
gate = Gate("loaded {0}")
async def app(scope, receive, send):
    start = {{"type": "http.response.start", "status": 200, "headers": []}}
    if scope["type"] == "http" and scope["path"] == "/stream":
        await send(start)
        await send({{"type": "http.response.body", "body": b"{0}", "more_body": True}})
        Gate("streaming {0}").wait()
    elif scope["type"] == "http":
        await send(start)
    await send({{"type": "http.response.body", "body": b"{0}"}})
"""


async def answer(service: FunctionService, called: str, event: bytes = b"false") -> Any:
    return json.loads((await service.invoke(called, event)).payload)


async def loaded(lab: Lab, name: str, code: str, version: int) -> None:
    """Writes, or edits, the code of a function and waits until its alias has moved: that is before it is loaded."""
    if version > 1:
        lab.write(name, code.format(version))
    await arrived(lab, f"loaded {version}")


async def arrived(lab: Lab, said: str) -> Visit:
    """The next function at the gate that says so: there may be more environments than one that say they are loaded."""
    while (visit := await lab.gate.arrival()).said != said:
        pass
    return visit


async def test_a_function_is_told_by_what_name_it_was_called_and_which_version_it_is(lab: Lab) -> None:
    function = lab.add("told", TOLD)
    live = lab.publish(function)
    service = await lab.service()

    for called, version in [(live, "1"), (f"{function.arn}:1", "1"), (function.arn, "$LATEST"), ("told", "$LATEST")]:
        told_version, arn, variable, stream = await answer(service, called)
        assert (told_version, variable) == (version, version)
        assert arn == (function.arn if called == "told" else called)
        assert f"/[{version}]" in stream
    assert any(line.endswith("Version: 1") for line in lab.log("told"))
    assert (await service.invoke(live, b"")).executed_version == "1"


@pytest.mark.parametrize("qualifier", ["absent", "2", "LIVE"])
async def test_an_unknown_qualifier_is_refused_in_lambdas_words(lab: Lab, qualifier: str) -> None:
    function = lab.add("told", TOLD)
    lab.publish(function)
    service = await lab.service()
    with pytest.raises(FunctionNotFound) as refused:
        await service.invoke(f"{function.arn}:{qualifier}", b"{}")
    assert refused.value.message == f"Function not found: {function.arn}:{qualifier}"
    assert (refused.value.status, refused.value.code) == (404, "ResourceNotFoundException")


async def test_an_edit_becomes_a_version_and_what_runs_ends_on_the_one_before(lab: Lab) -> None:
    function = lab.add("answering", ANSWERING.format(1))
    live = lab.publish(function)
    service = await lab.service(warm=1)
    await loaded(lab, "answering", ANSWERING, 1)
    running = asyncio.ensure_future(answer(service, live, b"true"))
    old = await arrived(lab, "running 1")

    await loaded(lab, "answering", ANSWERING, 2)

    assert await answer(service, live) == 2
    assert await answer(service, f"{function.arn}:1") == 1, "a version is what it was when it was published"
    await old.release()
    assert await running == 1
    assert await old.next() is None, "nobody is sent to its version any more"


async def test_an_answer_that_streams_through_an_aliass_url_ends_on_the_old_code(lab: Lab) -> None:
    urls = Urls(lab)
    function = lab.add_web("streaming", WEB.format(1))
    live = lab.publish(function)
    path = urls.add_alias(function, live)
    await urls.open(warm=1)
    await loaded(lab, "streaming", WEB, 1)
    try:
        async with urls.client.stream("GET", f"{path}stream") as response:
            pieces = response.aiter_bytes()
            assert await anext(pieces) == b"1"
            visit = await arrived(lab, "streaming 1")
            await loaded(lab, "streaming", WEB, 2)
            assert (await urls.client.get(path)).text == "2"
            await visit.release()
            assert await anext(pieces) == b"1"
    finally:
        await urls.close()


async def test_a_url_asks_for_the_permissions_of_its_alias_and_of_no_other_name(lab: Lab) -> None:
    urls = Urls(lab)
    function = lab.add_web("streaming", WEB.format(1))
    live = lab.publish(function)
    path = urls.add_alias(function, live)
    alias = function.aliases["live"]
    function.permissions, alias.permissions = alias.permissions, {}
    await urls.open()
    try:
        assert (await urls.client.get(path)).status_code == 403
        assert lab.log("streaming") == []
        alias.permissions = {each.statement_id: each for each in (PUBLIC_URL, PUBLIC_FUNCTION)}
        assert (await urls.client.get(path)).status_code == 200
    finally:
        await urls.close()


async def test_an_event_of_an_alias_has_the_aliass_retries_and_destination(lab: Lab) -> None:
    reaper = lab.add("reaper", "from shared.gate import Gate\ndef handler(event, context): Gate(event)")
    reaper_live = lab.publish(reaper)
    policy = {"Effect": "Allow", "Action": "lambda:InvokeFunction", "Resource": reaper_live}
    failing = lab.add("failing", "def handler(event, context): raise ValueError", policy=policy)
    live = lab.publish(failing)
    failing.aliases["live"].event_invoke = EventInvokeConfig(maximum_retry_attempts=0, on_failure=reaper_live)
    service = await lab.service(limits=Limits(time_scale=0.001))

    service.invoke_event(live, b"{}")
    record = (await lab.gate.arrival()).said

    assert record["requestContext"]["functionArn"] == live
    assert record["requestContext"]["approximateInvokeCount"] == 1
    assert record["responseContext"]["executedVersion"] == "1"


class Api:
    """Lambda's API before a lab, as the AWS CLI speaks to it."""

    def __init__(self, lab: Lab, service: FunctionService, endpoint: str) -> None:
        self.service = service
        self.lambda_ = client("lambda", endpoint, lab.credentials.administrator, lab.world.region)
        self.of_worker = client(
            "lambda", endpoint, lab.credentials.for_role(lab.world.functions["answering"].role_arn), lab.world.region
        )


@pytest.fixture
async def api(lab: Lab) -> AsyncIterator[Api]:
    lab.publish(lab.add("answering", ANSWERING.format(1)))
    service = await lab.service(warm=1)
    await loaded(lab, "answering", ANSWERING, 1)
    listening, origin = listener()
    gateway = Gateway(lab.world, service, lab.credentials, cast("ModelEmulator", None), cast("MotoProxy", None))
    async with serving(listening, gateway.routes()):
        yield Api(lab, service, f"{origin}/aws")


async def test_an_operator_moves_the_alias_back_and_what_runs_ends_where_it_began(lab: Lab, api: Api) -> None:
    live = f"{lab.world.functions['answering'].arn}:live"
    await loaded(lab, "answering", ANSWERING, 2)
    bad = asyncio.ensure_future(answer(api.service, live, b"true"))
    running = await arrived(lab, "running 2")

    listed = await asyncio.to_thread(api.lambda_.list_versions_by_function, FunctionName="answering")
    versions = {each["Version"]: each["LastModified"] for each in listed["Versions"]}
    moved = await asyncio.to_thread(
        api.lambda_.update_alias, FunctionName="answering", Name="live", FunctionVersion="1"
    )

    assert list(versions) == ["$LATEST", "1", "2"]
    assert versions["1"] < versions["2"]
    assert (moved["AliasArn"], moved["FunctionVersion"]) == (live, "1")
    assert await answer(api.service, live) == 1
    invoked = await asyncio.to_thread(api.lambda_.invoke, FunctionName=live, Payload=b"false")
    assert (invoked["ExecutedVersion"], invoked["Payload"].read()) == ("1", b"1")
    await running.release()
    assert await bad == 2
    await loaded(lab, "answering", ANSWERING, 3)
    assert await answer(api.service, live) == 3, "the next update moves the alias forward again"


@pytest.mark.parametrize(
    ("call", "words"),
    [
        ({"Name": "absent", "FunctionVersion": "1"}, "Cannot find alias arn: {arn}:absent"),
        ({"Name": "live", "FunctionVersion": "9"}, "Function not found: {arn}:9"),
        ({"FunctionName": "other", "Name": "live", "FunctionVersion": "1"}, "Function not found: {other}"),
    ],
)
async def test_an_alias_is_moved_to_nothing_that_does_not_exist(
    lab: Lab, api: Api, call: dict[str, str], words: str
) -> None:
    with pytest.raises(ClientError) as refused:
        await asyncio.to_thread(api.lambda_.update_alias, **{"FunctionName": "answering", **call})
    function = lab.world.functions["answering"]
    error = refused.value.response["Error"]
    assert error["Code"] == "ResourceNotFoundException"
    assert error["Message"] == words.format(arn=function.arn, other=lab.world.function_arn("other"))
    assert function.aliases["live"].version == "1"


async def test_an_alias_is_moved_by_nobody_without_the_right_and_never_in_part(api: Api) -> None:
    wanted = {"FunctionName": "answering", "Name": "live", "FunctionVersion": "1"}
    with pytest.raises(ClientError, match="AccessDeniedException"):
        await asyncio.to_thread(api.of_worker.update_alias, **wanted)
    weights = {"AdditionalVersionWeights": {"1": 0.5}}
    with pytest.raises(ClientError, match="without RoutingConfig"):
        await asyncio.to_thread(api.lambda_.update_alias, **wanted, RoutingConfig=weights)
    assert (await asyncio.to_thread(api.lambda_.get_alias, FunctionName="answering", Name="live"))[
        "FunctionVersion"
    ] == "1"


async def test_a_rule_fires_at_an_alias_that_permits_it_and_at_no_alias_whose_function_does(
    lab: Lab, caplog: pytest.LogCaptureFixture
) -> None:
    allowed, refused = lab.add("allowed", REPORTING), lab.add("refused", "raise SystemExit('not to be started')")
    targets = {"1": lab.publish(refused), "2": lab.publish(allowed)}
    lab.world.schedules["sweep"] = Schedule("sweep", RULE, 60, targets)
    statement = ResourcePermission("rule", "lambda:InvokeFunction", "events.amazonaws.com", source_arn=RULE)
    refused.permissions["rule"] = allowed.aliases["live"].permissions["rule"] = statement
    await lab.service(limits=QUICK)

    await lab.gate.arrival()

    assert f"The rule sweep may not invoke {refused.arn}:live" in caplog.text
    assert lab.log("refused") == []
