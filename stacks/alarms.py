"""The alarms of a stack as data: which metric, which threshold, and the paragraph of the runbook that explains it.

A share counts only with enough streams behind it, so that nobody is woken by one failed stream of one. Each expression
is metric math over the measures of its alarm, which stand in braces.
https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/using-metric-math.html
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal, TypeVar

from shared.contract.metrics import NAMESPACE, Dimension, StackMetric

RUNBOOK: Final = "docs/runbook.md"

PERIOD_SECONDS: Final = 600
"""Long enough for a stack with few users to have some streams in it."""
LEAST_COUNTED: Final = 3
"""A share of failures is 0 below so many of them."""
LEAST_MEASURED: Final = 10
"""A percentile is 0 below so many streams."""
FAILED_PERCENT: Final = 5
THROTTLED_PERCENT: Final = 5
REAPED_STREAMS: Final = 3
FIRST_TEXT_MILLISECONDS: Final = 5_000
DURATION_PERCENT: Final = 80
"""Of the function's timeout, at which a stream is cut off."""
LAG_MILLISECONDS: Final = 2_000
"""Twice the longest interval that a setting may put between two deliveries."""
DROPPED_SWEEPS: Final = 3
CONCURRENCY_PERCENT: Final = 80

T = TypeVar("T")
Holder = Literal["streams", "generates", "reaper", "account"]
"""What a measure is of: the streams of an architecture, one of its functions, or all functions of the account."""


@dataclass(frozen=True)
class Measure:
    """One metric with its statistic. `id` is its name in the alarm's expression."""

    id: str
    of: Holder
    metric: str
    statistic: str


@dataclass(frozen=True)
class Alarm:
    """One kind of alarm. Missing data means that nothing happens, which is no fault: an idle stack is quiet."""

    anchor: str
    """Its name, and the anchor of its paragraph in the runbook."""
    title: str
    """What the graph shows, with the unit."""
    measures: Sequence[Measure]
    expression: str
    threshold: float
    """It goes off above this."""

    def formula(self, prefix: str = "") -> str:
        """The expression, whose measures have the ids of `measures` with this prefix."""
        return self.expression.format(**{measure.id: f"{prefix}{measure.id}" for measure in self.measures})

    def description(self, stack: str, architecture: str | None) -> str:
        """What a mail says of it."""
        where = f"{architecture} of stack {stack}" if architecture else f"the account of stack {stack}"
        return f"{self.title}: above {self.threshold:g} for {where}. What to do: {RUNBOOK}#{self.anchor}"


def namespace(of: Holder) -> str:
    """The namespace of a measure's metric."""
    return {"streams": NAMESPACE, "account": "AWS/Usage"}.get(of, "AWS/Lambda")


def dimensions(of: Holder, stack: str, architecture: str, functions: Mapping[str, T]) -> Mapping[str, str | T]:
    """The dimensions of a measure's metric. `functions` are names by `generates` and `reaper`."""
    if of == "streams":
        return {Dimension.SERVICE.value: architecture, Dimension.STACK.value: stack}
    if of == "account":
        return {"Service": "Lambda", "Type": "Resource", "Resource": "ConcurrentExecutions", "Class": "None"}
    return {"FunctionName": functions[of]}


def _count(metric: StackMetric) -> tuple[Measure, Measure]:
    """How many streams have this metric at 1, and how many there are."""
    return Measure("counted", "streams", metric, "Sum"), Measure("streams", "streams", metric, "SampleCount")


def _percentile(metric: StackMetric) -> tuple[Measure, Measure]:
    """What nine of ten streams stay below, and how many there are."""
    return Measure("slow", "streams", metric, "p90"), Measure("streams", "streams", metric, "SampleCount")


_SHARE: Final = f"IF({{counted}} >= {LEAST_COUNTED}, 100 * {{counted}} / {{streams}}, 0)"
_SLOWEST: Final = f"IF({{streams}} >= {LEAST_MEASURED}, {{slow}}, 0)"


def architecture_alarms(timeout_seconds: float, *, worker: bool, reserved: int | None) -> Sequence[Alarm]:
    """The alarms of an architecture. `worker`: whether it generates in a function that is invoked asynchronously;
    `reserved`: how many copies of the function that generates may run at once, if that is bounded."""
    found = [
        Alarm("error-share", "Failed streams, %", _count(StackMetric.FAILED_STREAMS), _SHARE, FAILED_PERCENT),
        Alarm(
            "throttled-models",
            "Streams that the model's quota ended, %",
            _count(StackMetric.THROTTLED_STREAMS),
            _SHARE,
            THROTTLED_PERCENT,
        ),
        Alarm(
            "reaped-streams",
            "Streams whose worker died",
            [Measure("counted", "streams", StackMetric.REAPED_STREAMS, "Sum")],
            "{counted}",
            REAPED_STREAMS - 1,
        ),
        Alarm(
            "time-to-first-text",
            "Time to first text, p90, ms",
            _percentile(StackMetric.TIME_TO_FIRST_TOKEN),
            _SLOWEST,
            FIRST_TEXT_MILLISECONDS,
        ),
        Alarm(
            "duration",
            "Duration of a stream, p90, ms",
            _percentile(StackMetric.DURATION),
            _SLOWEST,
            timeout_seconds * 1000 * DURATION_PERCENT / 100,
        ),
        Alarm(
            "delivery-lag",
            "Longest wait of a part for its transport, p90, ms",
            _percentile(StackMetric.DELIVERY_LAG),
            _SLOWEST,
            LAG_MILLISECONDS,
        ),
        # https://docs.aws.amazon.com/lambda/latest/dg/monitoring-metrics-types.html
        Alarm(
            "dropped-sweeps",
            "Events that the reaper did not handle",
            [Measure("counted", "reaper", "AsyncEventsDropped", "Sum")],
            "{counted}",
            DROPPED_SWEEPS - 1,
        ),
    ]
    if worker:
        failures = [Measure("counted", "generates", "DestinationDeliveryFailures", "Sum")]
        found.append(Alarm("failed-destinations", "Dead workers that no reaper was told of", failures, "{counted}", 0))
    if reserved:
        used = [Measure("used", "generates", "ConcurrentExecutions", "Maximum")]
        title = "Streams at once, % of the reserved concurrency"
        found.append(Alarm("reserved-concurrency", title, used, f"100 * {{used}} / {reserved}", CONCURRENCY_PERCENT))
    return found


ACCOUNT_ALARMS: Final[Sequence[Alarm]] = (
    # https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch-Quotas-Visualize-Alarms.html
    Alarm(
        "account-concurrency",
        "Concurrent executions in the account, % of its quota",
        [Measure("used", "account", "ResourceCount", "Maximum")],
        "100 * {used} / SERVICE_QUOTA({used})",
        CONCURRENCY_PERCENT,
    ),
)
"""The alarms that a stack has once: all functions of the account and region share what they are about."""
