"""What functions and Lambda itself write, and when nothing is written."""

import json
import re
import time

import pytest

from sandbox.functions.process import MAX_LINE_BYTES
from tests.sandbox.functions.lab import Lab

TALKING = """
import sys
print("at import")
def handler(event, context):
    print("one")
    print("two", file=sys.stderr)
    print("no break", end="")
    sys.stdout.flush()
    if event: raise ValueError("oh")
"""


async def test_lines_come_in_order_between_start_and_report(lab: Lab) -> None:
    lab.add("talking", TALKING)
    service = await lab.service()
    first = (await service.invoke("talking", b"null")).request_id
    second = (await service.invoke("talking", b"null")).request_id
    *lines, report = lab.log("talking")[:6]
    assert lines == ["at import", f"START RequestId: {first} Version: $LATEST", "one", "two", f"END RequestId: {first}"]
    milliseconds = r"\d+\.\d\d ms"
    assert re.fullmatch(
        rf"REPORT RequestId: {first}\tDuration: {milliseconds}\tBilled Duration: \d+ ms\tMemory Size: 256 MB"
        rf"(\tMax Memory Used: \d+ MB)?\tInit Duration: {milliseconds}",
        report,
    )
    later = lab.log("talking")[6:]
    assert later[0] == f"START RequestId: {second} Version: $LATEST"
    assert later[1] == "no breakone"
    assert "Init Duration" not in later[-1]


async def test_an_event_carries_time_and_function(lab: Lab) -> None:
    before = time.time() * 1000
    lab.add("talking", TALKING)
    service = await lab.service()
    await service.invoke("talking", b"null")
    event = json.loads(lab.logs.path("/aws/lambda/talking").read_text().splitlines()[0])
    assert event["function"] == "talking"
    assert before <= event["timestamp"] <= time.time() * 1000


async def test_an_exception_is_one_event_with_its_traceback(lab: Lab) -> None:
    lab.add("talking", TALKING)
    service = await lab.service()
    await service.invoke("talking", b"true")
    errors = [message for message in lab.log("talking") if "[ERROR] ValueError: oh" in message]
    assert len(errors) == 1
    assert "\nTraceback (most recent call last):" in errors[0]
    assert "Status: error" not in lab.log("talking")[-1], "Lambda says so only of failures of the runtime"


async def test_a_crash_is_reported_with_its_type(lab: Lab) -> None:
    lab.add("crash", "import os\ndef handler(event, context): os._exit(2)")
    service = await lab.service()
    await service.invoke("crash", b"{}")
    assert lab.log("crash")[-1].endswith("\tStatus: error\tError Type: Runtime.ExitError")


async def test_a_line_too_long_for_one_event_becomes_several(lab: Lab) -> None:
    lab.add("long", f"def handler(event, context): print('x' * {MAX_LINE_BYTES + 5})")
    service = await lab.service()
    await service.invoke("long", b"{}")
    sizes = [len(message) for message in lab.log("long") if message.startswith("x")]
    assert sizes == [MAX_LINE_BYTES, 5]


async def test_nothing_is_written_without_the_log_group(lab: Lab, caplog: pytest.LogCaptureFixture) -> None:
    lab.add("talking", TALKING, log_group=False)
    service = await lab.service()
    await service.invoke("talking", b"null")
    assert lab.log("talking") == []
    assert "its log group /aws/lambda/talking does not exist" in caplog.text


async def test_nothing_is_written_by_a_role_that_may_not(lab: Lab, caplog: pytest.LogCaptureFixture) -> None:
    function = lab.add("talking", TALKING)
    lab.world.roles[function.role_arn].policies["deny"] = {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Deny", "Action": "logs:PutLogEvents", "Resource": "*"}],
    }
    service = await lab.service()
    await service.invoke("talking", b"null")
    assert lab.log("talking") == []
    assert "may not logs:PutLogEvents" in caplog.text
