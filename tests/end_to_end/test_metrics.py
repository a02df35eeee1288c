"""What operators are left with when a stream ends: one set of metrics, written before the client has the end."""

import asyncio
import json
from pathlib import Path

import pytest

from sandbox.options import SandboxOptions
from streamways.clients.client import ARCHITECTURES, Architecture, chat_request
from streamways.clients.factory import client_for
from tests.support.sandbox import RunningSandbox


def metrics(folder: Path, architecture: Architecture) -> int:
    """How many sets of metrics the architecture's functions have written, in the name of the stack."""
    lines = (line for log in (folder / "logs").iterdir() for line in log.read_text().splitlines())
    messages = (json.loads(line)["message"] for line in lines)
    marks = ('"_aws"', f'"service":"{architecture}"', f'"stack":"{SandboxOptions().stack}"')
    return sum(all(mark in message for mark in marks) for message in messages)


@pytest.mark.parametrize("architecture", ARCHITECTURES)
async def test_a_stream_leaves_one_set_of_metrics(sandbox: RunningSandbox, architecture: Architecture) -> None:
    before = metrics(sandbox.folder, architecture)
    async with client_for(architecture, sandbox.outputs, sandbox.token()) as client:
        async for _ in client.stream(chat_request("What is measured?")):
            pass
    # The sandbox takes the lines from the functions' pipes: they may be on their way for a moment.
    async with asyncio.timeout(10):
        while metrics(sandbox.folder, architecture) == before:
            await asyncio.to_thread(sandbox.control, "GET", "/model/calls")
    assert metrics(sandbox.folder, architecture) == before + 1
