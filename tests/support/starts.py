"""Admitted requests, for tests that begin after admission."""

import time
from functools import cache

from shared.protocol.request import ChatRequest, Message
from shared.stream.registry import StreamRegistry
from shared.stream.start import StreamStart
from tests.support.aws import TABLE

OWNER = "a1b2c3d4"
STREAM = "stream-1"
MINUTE = 60.0
PROMPT = "Why is the sky blue?"


def within(seconds: float = MINUTE) -> float:
    """The moment that is so far away, by the clock that functions end by."""
    return time.monotonic() + seconds


def start(stream_id: str = STREAM, prompt: str = PROMPT) -> StreamStart:
    """A user's request for an answer."""
    request = ChatRequest("chat-1", (Message("user", prompt),))
    return StreamStart(OWNER, stream_id, request, max_output_tokens=1000, correlation_id="correlation-1")


@cache
def registry() -> StreamRegistry:
    """The registry of the table in this process; kept, as a function keeps it, because its client is slow to make."""
    return StreamRegistry(TABLE)


def running(stream_id: str = STREAM) -> StreamRegistry:
    """The registry, with a stream in it that runs."""
    registry().register(OWNER, stream_id, "chat-1", state="running")
    return registry()
