"""Lambda's quotas and delays, each with the page it comes from.

"Quotas": https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
"""

import os
from dataclasses import dataclass, field

REQUEST_BYTES = 6_291_456
"""6 MB of a synchronous request ("Quotas")."""
RESPONSE_BYTES = 6_291_556
"""A buffered response: 6 MB and the 100 bytes that Lambda's own error message grants."""
EVENT_BYTES = 1_048_576
"""1 MB of an asynchronous request ("Quotas")."""
STREAM_BYTES = 209_715_200
"""200 MB of a streamed response
(https://docs.aws.amazon.com/lambda/latest/dg/configuration-response-streaming.html)."""


@dataclass(frozen=True)
class Limits:
    """What an account may do, in seconds, bytes and environments.

    `time_scale` shortens what Lambda and EventBridge wait for, so that tests reach it: the age of events, the waits
    before they are tried again, the periods of schedules. How long a function may take is its own setting, unscaled.
    """

    time_scale: float = 1.0

    concurrency: int = 1000
    """Concurrent executions of a region; what functions reserve is taken from it ("Quotas")."""
    init_seconds: float = 10
    """The INIT phase; a slower one is begun again within the invocation's own timeout
    (https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtime-environment.html)."""
    starts: int = field(default_factory=lambda: max(2, os.cpu_count() or 1))
    """INIT phases side by side: one is busy importing, so more than the machine has cores make each other late.
    Lambda starts 1,000 environments of a function in ten seconds
    (https://docs.aws.amazon.com/lambda/latest/dg/lambda-concurrency.html#scaling-rate)."""
    start_wait_seconds: float = 4
    """How long an invocation waits for an environment before it is throttled. A WebSocket handshake may wait twice, for
    its authorizer and its `$connect`, and clients give it ten seconds."""
    idle_seconds: float = 300
    """How long an environment beyond the warm minimum waits for work. AWS names no figure; minutes are seen."""
    memory_check_seconds: float = 0.25
    """How often the memory of a process is compared with the function's `memory_megabytes`."""
    retry_seconds: tuple[float, ...] = (60, 120)
    """Wait before the first and the second retry of a failed event
    (https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-error-handling.html)."""
    throttle_seconds: tuple[float, float] = (1, 300)
    """A throttled event is tried again after the first, doubled each time up to the second (same page)."""
    stream_bytes: int = STREAM_BYTES
