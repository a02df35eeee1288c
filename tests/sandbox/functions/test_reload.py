"""Edits take effect on the next invocation, and what runs finishes on the old code."""

import asyncio
import json
from pathlib import Path

import pytest

from sandbox.functions.service import FunctionService
from tests.sandbox.functions.lab import Lab

VERSION = """
from shared.gate import Gate
gate = Gate("loaded {0}")
def handler(event, context):
    if event: Gate("running {0}").wait()
    return {0}
"""


async def answer(service: FunctionService, event: bytes = b"false") -> object:
    return json.loads((await service.invoke("versioned", event)).payload)


async def test_a_running_invocation_ends_on_the_old_code_and_the_next_has_the_new(lab: Lab) -> None:
    lab.add("versioned", VERSION.format(1))
    service = await lab.service(warm=1)
    assert (await lab.gate.arrival()).said == "loaded 1"
    running = asyncio.ensure_future(answer(service, b"true"))
    old = await lab.gate.arrival()
    assert old.said == "running 1"
    lab.write("versioned", VERSION.format(2))
    warmed = await lab.gate.arrival()
    assert warmed.said == "loaded 2", "an environment with the new code is warm before anybody asks"
    assert await answer(service) == 2
    await old.release()
    assert await running == 1
    assert await answer(service) == 2


async def test_idle_environments_with_old_code_are_ended(lab: Lab) -> None:
    lab.add("versioned", VERSION.format(1))
    await lab.service(warm=1)
    old = await lab.gate.arrival()
    lab.write("versioned", VERSION.format(2))
    assert (await lab.gate.arrival()).said == "loaded 2"
    assert await old.next() is None


async def test_a_change_to_one_function_leaves_the_environments_of_others_alone(lab: Lab) -> None:
    lab.add("versioned", VERSION.format(1))
    lab.add("steady", "import os\ndef handler(event, context): return os.getpid()")
    service = await lab.service(warm=1)
    await lab.gate.arrival()
    before = (await service.invoke("steady", b"{}")).payload
    lab.write("versioned", VERSION.format(2))
    assert (await lab.gate.arrival()).said == "loaded 2"
    assert (await service.invoke("steady", b"{}")).payload == before


async def test_code_that_cannot_be_laid_out_is_said_and_the_old_code_stays(
    lab: Lab, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    lab.add("versioned", VERSION.format(1))
    service = await lab.service(warm=1)
    await lab.gate.arrival()
    said = asyncio.Event()
    loop = asyncio.get_running_loop()

    def refuse(_: Path) -> dict[str, Path]:
        loop.call_soon_threadsafe(said.set)
        raise SyntaxError("'(' was never closed")

    monkeypatch.setattr(lab.packages, "code_files", refuse)
    lab.write("versioned", "def handler(")
    await asyncio.wait_for(said.wait(), 10)
    assert await answer(service) == 1
    assert "versioned goes on with the code it had: '(' was never closed" in caplog.text
