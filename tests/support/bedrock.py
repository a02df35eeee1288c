"""Bedrock Runtime's ConverseStream on a socket: it says what the test tells it to."""

import json
import threading
from collections.abc import Iterable

from tests.support.eventstream import CONTENT_TYPE, event
from tests.support.server import Answer, CutConnection, LocalServer, Received

Pieces = Iterable[bytes | threading.Event | CutConnection]


def delta(text: str, block: int = 0) -> bytes:
    """More text."""
    return event("contentBlockDelta", {"contentBlockIndex": block, "delta": {"text": text}})


def reasoning(text: str, block: int = 0) -> bytes:
    """More reasoning."""
    return event("contentBlockDelta", {"contentBlockIndex": block, "delta": {"reasoningContent": {"text": text}}})


def block_stop(block: int = 0) -> bytes:
    """The block is complete."""
    return event("contentBlockStop", {"contentBlockIndex": block})


def message_start() -> bytes:
    """The first event."""
    return event("messageStart", {"role": "assistant"})


def ending(stop_reason: str = "end_turn", tokens: tuple[int, int] = (11, 7)) -> list[bytes]:
    """The last events: why it stopped, and what is billed."""
    usage = {"inputTokens": tokens[0], "outputTokens": tokens[1], "totalTokens": sum(tokens)}
    return [
        event("messageStop", {"stopReason": stop_reason}),
        event("metadata", {"usage": usage, "metrics": {"latencyMs": 5}}),
    ]


def saying(*texts: str, stop_reason: str = "end_turn") -> Answer:
    """A whole answer of one block of text."""
    return stream([message_start(), *map(delta, texts), block_stop(), *ending(stop_reason)])


def stream(pieces: Pieces) -> Answer:
    """An answer that is these pieces."""
    return Answer(headers={"content-type": CONTENT_TYPE}, pieces=pieces)


def refusing(status: int, code: str, message: str = "no") -> Answer:
    """A refusal before anything is streamed."""
    return Answer(status, json.dumps({"message": message}).encode(), {"x-amzn-errortype": code})


class FakeBedrock(LocalServer):
    """Answers each call with `answer`; `prompts()` are the messages that it was sent."""

    def __init__(self) -> None:
        super().__init__(self._converse)
        self.answer = saying("Hello", " world")

    def _converse(self, _: Received) -> Answer:
        return self.answer

    def requests(self) -> list[dict[str, object]]:
        """The bodies of all calls so far."""
        return [json.loads(received.body) for received in self.received]
