"""What the cost model assumes where nothing was measured: each assumption by its name, with where it comes from."""

from dataclasses import dataclass
from typing import Final

from shared.contract.architectures import DESCRIPTORS
from shared.contract.metrics import ModelMetric, StackMetric
from streamways.clients.client import Architecture

SHORT_FUNCTIONS: Final[dict[Architecture, int]] = {name: one.bill.short_functions for name, one in DESCRIPTORS.items()}
"""Invocations besides the one that generates: ticket, authorizer, $connect, the frame `send` and $disconnect over
WebSocket, and the resolver of `startStream` over AppSync. A client that connects with its token needs no ticket."""
OTHER_FRAMES: Final = 2
"""Frames of a WebSocket answer that carry no part: `send` and `end`."""
CONTROL_PARTS: Final = 6
"""Parts around the text: `start`, `start-step`, `text-start`, `text-end`, `finish-step` and `finish`, or as many."""
CONTROL_BATCHES: Final = 2
"""Publishes over AppSync that carry no text: one before the first text, and one for the end."""
PART_BYTES: Final = 41
"""A part of text as JSON, without the text."""
CONTROL_PART_BYTES: Final = 100
"""A part around the text, on the average."""
ENVELOPE_BYTES: Final[dict[Architecture, int]] = {name: one.bill.envelope_bytes for name, one in DESCRIPTORS.items()}
"""What carries a message to the client besides its parts: `id` and `data` of an event; `requestId`, `sequence` and
`cursor` of a frame; the fields of an update. A test compares them with the encoders."""
INVOCATION_LOG_BYTES: Final = 400
"""Lines that Lambda writes for each invocation: START, END and REPORT.
https://docs.aws.amazon.com/lambda/latest/dg/python-logging.html"""
STREAM_LOG_BYTES: Final = 1700
"""The line and the metrics of a stream that ended, with what Lambda's context adds. A test compares it with what the
code writes."""
METRICS: Final = len(StackMetric) + len(ModelMetric)
"""What a stream that ended reports: some for each stack and architecture, some for each model besides."""
TRACES_A_SECOND: Final = 1
"""X-Ray's default rule records the first request of each second.
https://docs.aws.amazon.com/xray/latest/devguide/xray-console-sampling.html"""
TRACED_SHARE: Final = 0.05
"""What the rule records of the requests beyond the first of a second."""


@dataclass(frozen=True)
class Workload:
    """One answer as it is assumed to be, and the program's settings that it depends on."""

    model: str = "amazon.nova-lite-v1:0"
    """The program's default."""
    input_tokens: int = 500
    """Prompt and history: the question of a chat that has had a turn or two."""
    output_tokens: int = 300
    """Some 200 words."""
    tokens_per_second: float = 60
    """The pace of the sandbox's model."""
    first_token_seconds: float = 0.3
    """What the sandbox's model takes."""
    bytes_per_token: float = 5
    """English text; a token with the space before it."""
    interval_seconds: float = 0.05
    """Settings `webSocketIntervalMilliseconds` and `appSyncIntervalMilliseconds`: text leaves no more often."""
    memory_megabytes: int = 512
    """Setting `memoryMegabytes`."""
    short_function_seconds: float = 0.05
    """Billed time of a function that only admits, connects or authorizes, once it is warm."""
    connection_seconds: float = 60
    """How long a client keeps its connection for one answer: API Gateway and AppSync bill by the minute."""
    readers: int = 0
    """Other clients that follow the answer: by the journal, or over AppSync as subscribers."""

    @property
    def seconds(self) -> float:
        """From the request to the last part."""
        return self.first_token_seconds + self.output_tokens / self.tokens_per_second

    @property
    def text_bytes(self) -> int:
        """Size of the answer."""
        return round(self.output_tokens * self.bytes_per_token)


@dataclass(frozen=True)
class Idle:
    """What goes on in a stack that nobody uses."""

    minutes: int = 43_800
    """Of a month of 730 hours."""
    sweep_seconds: float = 0.1
    """Billed time of a sweep that finds nothing, once the function is warm."""
    sweep_read_units: float = 0.5
    """An eventually consistent query of an index that holds nothing.
    https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/read-write-operations.html"""
    memory_megabytes: int = 512
    """Setting `memoryMegabytes`."""


@dataclass(frozen=True)
class Size:
    """A use of one stack for a month."""

    users: int
    answers: int
    busy_hours: int
    """Hours of the month in which at least one stream ends: metrics are billed by them."""


HOURS_OF_A_MONTH: Final = 730
"""As AWS counts a month."""
CHAT_ITEM_BYTES: Final = 400
"""Question and membership, besides texts, spread over the turns of a chat."""
SIZES: Final = {
    "a pilot": Size(users=50, answers=1_000, busy_hours=200),
    "a product": Size(users=2_000, answers=100_000, busy_hours=HOURS_OF_A_MONTH),
    "a platform": Size(users=100_000, answers=5_000_000, busy_hours=HOURS_OF_A_MONTH),
}
"""20 to 50 answers a user and month."""
