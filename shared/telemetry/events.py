"""What sinks are told: a stream that ended, and an error that nobody expected. Neither holds a word of a prompt, of an
answer or of a token: no text of theirs is ever handed to this module."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class StreamEnded:
    """A stream that ended, once. Times are in milliseconds; None where nobody knows."""

    stack: str
    architecture: str
    ids: Mapping[str, str]
    """`streamId`, and `correlation_id` where it is known: as in the logs."""
    model: str
    stop_reason: str
    failed: bool
    reaped: bool
    """Whether its worker died, so that the reaper ended it."""
    input_tokens: int
    output_tokens: int
    cost_usd: float | None
    first_text_ms: float | None
    delivery_lag_ms: float | None
    total_ms: float


@dataclass(frozen=True)
class Frame:
    """One line of a traceback, without its source and its variables."""

    file: str
    function: str
    line: int


@dataclass(frozen=True)
class UnexpectedError:
    """An exception that was logged, or that ended the function. Its own text stays in the logs: it may quote a user."""

    stack: str
    architecture: str
    message: str
    """The line of the log: words of this project."""
    error: str
    """The exception's class, like `botocore.exceptions.ClientError`."""
    frames: tuple[Frame, ...]
    """Innermost last."""
    ids: Mapping[str, str]
    """`streamId`, `chatId` and `correlation_id`: those that the line of the log has."""


Event = StreamEnded | UnexpectedError
Sink = Callable[[Event], None]
"""Takes one event at a time, on a thread of its own. It may wait and it may raise: nobody waits for it beyond
`shared/telemetry/reports.py`'s bound, and nothing fails with it."""
