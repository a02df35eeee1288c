"""A model in memory that says what the test tells it to."""

import threading
from collections.abc import Iterator, Sequence

from shared.models.bedrock import BLOCKED, FINISH_REASONS
from shared.models.events import BlockEnd, Delta, ModelEvent, Stop, Usage
from shared.protocol.request import Message
from tests.support.server import WAIT_SECONDS

SILENCE = object()
"""In a script: the model says nothing until it is interrupted."""


class ScriptedModel:
    """Plays a script of events, errors to raise, Events to wait for, and silences; it is its own one call."""

    def __init__(
        self, *script: object, model_id: str = "amazon.nova-lite-v1:0", on_leaving: threading.Event | None = None
    ) -> None:
        """`on_leaving` is what the reader waits for before it leaves."""
        self.model_id = model_id
        self.asked: tuple[Sequence[Message], int] | None = None
        self.interrupted = threading.Event()
        self.left = threading.Event()
        """Set when nobody reads it any more."""
        self._script = script
        self._on_leaving = on_leaving

    def stream(self, messages: Sequence[Message], max_output_tokens: int, *, deadline: float) -> "ScriptedModel":  # noqa: ARG002
        self.asked = (messages, max_output_tokens)
        return self

    def interrupt(self) -> None:
        self.interrupted.set()

    def __iter__(self) -> Iterator[ModelEvent]:
        try:
            for line in self._script:
                if line is SILENCE:
                    assert self.interrupted.wait(WAIT_SECONDS)
                    return
                if isinstance(line, threading.Event):
                    assert line.wait(WAIT_SECONDS)
                elif isinstance(line, Exception):
                    raise line
                else:
                    yield line  # pyright: ignore[reportReturnType]
        finally:
            if self._on_leaving is not None:
                self._on_leaving.wait(WAIT_SECONDS)
            self.left.set()


def spoken(*texts: str, reason: str = "end_turn") -> list[object]:
    """A whole answer of one block."""
    return [
        *(Delta("text", 0, text) for text in texts),
        BlockEnd(0),
        Stop(reason, FINISH_REASONS.get(reason, "other"), blocked=reason == BLOCKED),
        Usage(11, 7),
    ]
