"""The metrics of each stream that has ended, by the names that functions write and that alarms and the dashboard read.

`shared/streams/metrics.py` writes them. CloudWatch bills each metric for each combination of its dimensions.
"""

from enum import StrEnum
from typing import Final

NAMESPACE: Final = "Streamways"
"""Of all of them, in CloudWatch."""


class Dimension(StrEnum):
    """What tells the metrics of one stream from those of another."""

    SERVICE = "service"
    """The architecture. Powertools adds it, from `POWERTOOLS_SERVICE_NAME`."""
    STACK = "stack"
    """Without it the previews of pull requests would count as production."""
    MODEL = "model"
    """Id of the model; `unknown` for a stream whose worker died before it told."""


class StackMetric(StrEnum):
    """How the streams of an architecture do, whatever the model: what alarms look at. Dimensions: service and stack."""

    FAILED_STREAMS = "FailedStreams"
    """1 for a stream that ended with an error or at its deadline, 0 for any other: the average is the share of failed
    streams, and the number of samples is that of all streams. A stop of the user and a guardrail's are no failures."""
    REAPED_STREAMS = "ReapedStreams"
    """1 for a stream whose worker died, so that the reaper ended it; else 0."""
    THROTTLED_STREAMS = "ThrottledStreams"
    """1 for a stream that ended because the model's quota was used up; else 0."""
    REFUSED_STREAMS = "RefusedStreams"
    """1 for a start that a limit of its user has refused, 0 for a stream that ended."""
    TIME_TO_FIRST_TOKEN = "TimeToFirstToken"
    """Milliseconds until the model's first text; absent for a stream without text."""
    DELIVERY_LAG = "DeliveryLag"
    """Milliseconds: the longest that a part waited for the transport to take it. Absent for a reaped stream."""
    DURATION = "Duration"
    """Milliseconds from the start of the stream to its end."""


class ModelMetric(StrEnum):
    """What a model does and takes. Dimensions: service, stack and model."""

    TIME_TO_FIRST_TOKEN = "TimeToFirstToken"
    """The same number as above, for each model."""
    TOKENS_PER_SECOND = "TokensPerSecond"
    """Pace of the answer; absent for one without a second delta."""
    COST_USD = "CostUSD"
    """What the model costs; absent for a model that the price file does not know."""
    INPUT_TOKENS = "InputTokens"
    """As the provider says, or estimated."""
    OUTPUT_TOKENS = "OutputTokens"
    """As the provider says, or estimated."""
