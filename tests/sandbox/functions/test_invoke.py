"""Synchronous invocations: what goes in, what comes out, how they fail."""

import asyncio
import json
import sys

import pytest

from sandbox.functions.limits import EVENT_BYTES, REQUEST_BYTES, Limits
from sandbox.functions.service import (
    FunctionNotFound,
    FunctionPending,
    FunctionService,
    InvalidRequestContent,
    Invocation,
    PayloadTooLarge,
    TooManyRequests,
)
from tests.sandbox.functions.lab import Lab

PID = """
import os
def handler(event, context):
    return os.getpid()
"""
WAITING = """
import os
from shared.gate import Gate
def handler(event, context):
    Gate({"pid": os.getpid(), "home": os.environ["HOME"]}).wait()
    return event
"""


async def call(service: FunctionService, name: str, event: object = None) -> object:
    """What the function returned; fails the test when the function failed."""
    invocation = await service.invoke(name, json.dumps(event).encode())
    assert invocation.function_error is None, invocation.payload
    return json.loads(invocation.payload)


def failure(invocation: Invocation) -> dict[str, str]:
    assert invocation.function_error == "Unhandled"
    return json.loads(invocation.payload)


async def test_a_function_gets_its_event_and_a_context_and_answers_with_json(lab: Lab) -> None:
    lab.add(
        "echo",
        """
        def handler(event, context):
            return {
                "event": event,
                "request": context.aws_request_id,
                "arn": context.invoked_function_arn,
                "left": context.get_remaining_time_in_millis(),
                "memory": context.memory_limit_in_mb,
            }
        """,
        timeout=7,
    )
    service = await lab.service()
    invocation = await service.invoke("echo", b'{"a": "\xc3\xa9"}')
    answer = json.loads(invocation.payload)
    assert answer["event"] == {"a": "é"}
    assert answer["request"] == invocation.request_id
    assert answer["arn"] == "arn:aws:lambda:us-east-1:000000000000:function:echo"
    assert 6000 < answer["left"] <= 7000
    assert answer["memory"] == "256"


async def test_an_empty_payload_is_an_empty_object(lab: Lab) -> None:
    lab.add("echo", "def handler(event, context): return event")
    service = await lab.service()
    assert (await service.invoke("echo", b"")).payload == b"{}"


async def test_an_exception_is_answered_and_the_environment_lives_on(lab: Lab) -> None:
    lab.add(
        "picky",
        """
        import os
        def handler(event, context):
            if event: raise ValueError(f"not {event}")
            return os.getpid()
        """,
    )
    service = await lab.service()
    before = await call(service, "picky")
    error = failure(await service.invoke("picky", b'"this"'))
    assert (error["errorType"], error["errorMessage"]) == ("ValueError", "not this")
    assert error["stackTrace"]
    assert await call(service, "picky") == before


async def test_a_function_over_its_timeout_is_killed_and_the_next_invocation_is_cold(lab: Lab) -> None:
    lab.add(
        "slow",
        """
        import os
        from shared.gate import Gate
        def handler(event, context):
            if event: Gate(os.getpid()).wait()
            return os.getpid()
        """,
        timeout=1,
    )
    service = await lab.service()
    first = await call(service, "slow")
    invocation = await service.invoke("slow", b"true")
    visit = await lab.gate.arrival()
    assert failure(invocation) == {
        "errorType": "Sandbox.Timedout",
        "errorMessage": f"RequestId: {invocation.request_id} Error: Task timed out after 1.00 seconds",
    }
    assert visit.said == first
    assert await visit.next() is None, "the process is gone"
    assert await call(service, "slow") != first
    assert any(line.endswith(f"{invocation.request_id} Task timed out after 1.00 seconds") for line in lab.log("slow"))


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        ("os._exit(3)", "Runtime exited with error: exit status 3"),
        ("os._exit(0)", "Runtime exited without providing a reason"),
        ("os.kill(os.getpid(), 9)", "Runtime exited with error: signal: killed"),
    ],
)
async def test_a_crash_is_an_exit_error(lab: Lab, code: str, reason: str) -> None:
    lab.add("fragile", f"import os\ndef handler(event, context):\n    print('last words')\n    {code}")
    service = await lab.service()
    invocation = await service.invoke("fragile", b"{}")
    assert failure(invocation) == {
        "errorType": "Runtime.ExitError",
        "errorMessage": f"RequestId: {invocation.request_id} Error: {reason}",
    }
    assert "last words" in lab.log("fragile")


@pytest.mark.skipif(sys.platform != "linux", reason="the memory limit needs /proc")
async def test_more_memory_than_the_function_has_ends_it(lab: Lab) -> None:
    lab.add(
        "hungry",
        """
        from shared.gate import Gate
        def handler(event, context):
            held = b"x" * 200_000_000
            Gate().wait()
        """,
        memory=128,
    )
    service = await lab.service(limits=Limits(memory_check_seconds=0.01))
    assert failure(await service.invoke("hungry", b"{}"))["errorType"] == "Runtime.OutOfMemory"


async def test_a_dependency_that_is_not_packaged_is_missing_as_on_aws(lab: Lab) -> None:
    lab.add("forgetful", "import httpx\ndef handler(event, context): return 1")
    service = await lab.service()
    error = failure(await service.invoke("forgetful", b"{}"))
    assert error["errorType"] == "Runtime.ImportModuleError"
    assert "No module named 'httpx'" in error["errorMessage"]


async def test_boto3_is_there_without_being_packaged(lab: Lab) -> None:
    lab.add(
        "client",
        """
        import boto3
        def handler(event, context): return boto3.client("dynamodb").meta.endpoint_url
        """,
    )
    service = await lab.service()
    assert await call(service, "client") == f"{lab.world.origin}/aws"


async def test_nothing_of_the_callers_environment_reaches_a_function(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_PROFILE", "AWS_ACCESS_KEY_ID", "AWS_CONTAINER_CREDENTIALS_FULL_URI", "PYTHONPATH", "SECRET"):
        monkeypatch.setenv(name, "callers-own")
    function = lab.add(
        "bare",
        "import os\nstart = dict(os.environ)\ndef handler(event, context): return start",
        environment={"COLOUR": "red"},
    )
    service = await lab.service()
    found = await call(service, "bare")
    assert isinstance(found, dict)
    assert "callers-own" not in found.values()
    keys = lab.credentials.for_role(function.role_arn)
    assert found["AWS_ACCESS_KEY_ID"] == keys.access_key_id
    assert found["AWS_SESSION_TOKEN"] == keys.session_token
    assert found["COLOUR"] == "red"
    assert found["TZ"] == ":UTC"
    known = {"_HANDLER", "AWS_ACCESS_KEY_ID", "AWS_DEFAULT_REGION", "AWS_ENDPOINT_URL", "AWS_EXECUTION_ENV"}
    known |= {"AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "AWS_LAMBDA_FUNCTION_NAME", "AWS_LAMBDA_FUNCTION_VERSION"}
    known |= {"AWS_LAMBDA_INITIALIZATION_TYPE", "AWS_LAMBDA_LOG_GROUP_NAME", "AWS_LAMBDA_LOG_STREAM_NAME"}
    known |= {"AWS_LAMBDA_RUNTIME_API", "AWS_REGION", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "COLOUR", "GATE"}
    known |= {"HOME", "LAMBDA_RUNTIME_DIR", "LAMBDA_TASK_ROOT", "LANG", "PATH", "PYTHONPATH", "TMPDIR", "TZ"}
    made_by_shell_and_python = {"PWD", "OLDPWD", "SHLVL", "_", "LC_CTYPE"}
    assert set(found) - made_by_shell_and_python == known


async def test_environments_run_one_invocation_at_a_time_and_share_nothing(lab: Lab) -> None:
    lab.add("waiting", WAITING)
    service = await lab.service()
    invocations = [asyncio.ensure_future(call(service, "waiting", number)) for number in range(2)]
    visits = [await lab.gate.arrival(), await lab.gate.arrival()]
    assert visits[0].said["pid"] != visits[1].said["pid"]
    assert visits[0].said["home"] != visits[1].said["home"]
    for visit in visits:
        await visit.release()
    assert await asyncio.gather(*invocations) == [0, 1]
    again = asyncio.ensure_future(call(service, "waiting"))
    visit = await lab.gate.arrival()
    assert visit.said["pid"] in {visit.said["pid"] for visit in visits}, "a warm environment is used again"
    await visit.release()
    await again


async def test_reserved_concurrency_throttles_and_leaves_others_alone(lab: Lab) -> None:
    lab.add("waiting", WAITING, reserved=1)
    lab.add("other", PID)
    service = await lab.service()
    running = asyncio.ensure_future(call(service, "waiting"))
    visit = await lab.gate.arrival()
    with pytest.raises(TooManyRequests) as refused:
        await service.invoke("waiting", b"{}")
    assert refused.value.body == {
        "Reason": "ReservedFunctionConcurrentInvocationLimitExceeded",
        "Type": "User",
        "message": "Rate Exceeded.",
    }
    assert await call(service, "other")
    await visit.release()
    await running


async def test_the_account_throttles_when_what_is_not_reserved_is_used_up(lab: Lab) -> None:
    lab.add("waiting", WAITING)
    lab.add("other", PID)
    lab.add("reserved", PID, reserved=1)
    service = await lab.service(limits=Limits(concurrency=2))
    running = asyncio.ensure_future(call(service, "waiting"))
    visit = await lab.gate.arrival()
    with pytest.raises(TooManyRequests, match="Rate Exceeded"):
        await service.invoke("other", b"{}")
    assert await call(service, "reserved")
    await visit.release()
    await running


async def test_an_invocation_ends_even_if_its_caller_is_gone(lab: Lab) -> None:
    lab.add(
        "waiting",
        """
        from shared.gate import Gate
        def handler(event, context):
            gate = Gate()
            gate.wait()
            gate.say("done")
        """,
    )
    service = await lab.service()
    caller = asyncio.ensure_future(service.invoke("waiting", b"{}"))
    visit = await lab.gate.arrival()
    caller.cancel()
    await asyncio.wait({caller})
    await visit.release()
    assert await visit.next() == "done"


async def test_a_function_that_is_not_staged_yet_is_pending(lab: Lab) -> None:
    service = await lab.service()
    lab.add("late", PID)
    with pytest.raises(FunctionPending, match="in the following state: Pending"):
        await service.invoke("late", b"{}")


async def test_what_is_wrong_with_a_request_is_refused(lab: Lab) -> None:
    lab.add("echo", "def handler(event, context): return event")
    service = await lab.service()
    with pytest.raises(FunctionNotFound):
        await service.invoke("nobody", b"{}")
    with pytest.raises(InvalidRequestContent):
        await service.invoke("echo", b"{")
    with pytest.raises(PayloadTooLarge, match=f"Request must be smaller than {REQUEST_BYTES} bytes"):
        await service.invoke("echo", b'"' + b"x" * REQUEST_BYTES + b'"')
    with pytest.raises(PayloadTooLarge, match=f"{EVENT_BYTES} bytes"):
        service.invoke_event("echo", b'"' + b"x" * EVENT_BYTES + b'"')
    assert len((await service.invoke("echo", b'"' + b"x" * (REQUEST_BYTES - 2) + b'"')).payload) == REQUEST_BYTES


async def test_a_response_over_six_megabytes_is_an_error(lab: Lab) -> None:
    lab.add("long", "def handler(event, context): return 'x' * event")
    service = await lab.service()
    error = failure(await service.invoke("long", b"6291556"))
    assert error["errorType"] == "Function.ResponseSizeTooLarge"
    assert await call(service, "long", 3) == "xxx"


async def test_environments_are_warmed_ahead(lab: Lab) -> None:
    lab.add("warm", "from shared.gate import Gate\nimport os\nGate(os.getpid())\n" + PID)
    service = await lab.service(warm=2)
    ready = {(await lab.gate.arrival()).said for _ in range(2)}
    assert await call(service, "warm") in ready


async def test_environments_beyond_the_warm_ones_retire_when_they_are_idle(lab: Lab) -> None:
    lab.add("idle", "from shared.gate import Gate\ngate = Gate()\ndef handler(event, context): gate.say('ran')")
    service = await lab.service(limits=Limits(idle_seconds=0.02))
    await call(service, "idle")
    visit = await lab.gate.arrival()
    assert await visit.next() == "ran"
    assert await visit.next() is None


async def test_a_slow_start_is_begun_again_within_the_invocation(lab: Lab) -> None:
    lab.add(
        "slowpoke",
        """
        import os
        from shared.gate import Gate
        Gate(os.getpid()).wait()
        def handler(event, context): return os.getpid()
        """,
    )
    service = await lab.service(limits=Limits(init_seconds=0.5, starts=1))
    running = asyncio.ensure_future(call(service, "slowpoke"))
    visit = await lab.gate.arrival()
    while "INIT_REPORT Init Duration: 500.00 ms\tPhase: init\tStatus: timeout" not in lab.log("slowpoke"):
        assert await visit.next() is None, "the first attempt is ended"
        visit = await lab.gate.arrival()
    await visit.release()
    assert await running == visit.said
