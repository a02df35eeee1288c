"""What the emulated model of a sandbox was asked."""

import time
from typing import Any

from tests.support.sandbox import RunningSandbox
from tests.support.server import WAIT_SECONDS


def calls(sandbox: RunningSandbox, asked: str) -> list[dict[str, Any]]:
    """The calls of the model whose last message was this."""
    return [call for call in sandbox.control("GET", "/model/calls").json()["calls"] if call["prompt"] == asked]


def ended_call(sandbox: RunningSandbox, asked: str) -> dict[str, Any]:
    """The one call of this message, once it has ended: a worker hears of a cancel within a second."""
    until = time.monotonic() + WAIT_SECONDS
    while True:
        [call] = calls(sandbox, asked)
        if call["ended"] is not None or time.monotonic() > until:
            return call
