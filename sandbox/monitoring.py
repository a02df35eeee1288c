"""What the sandbox records of alarms and topics, for `World`. No alarm goes off here, and nothing is delivered."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass
class Topic:
    """An SNS topic; the key in `World.topics` is its ARN."""

    name: str
    arn: str
    policy: Mapping[str, Any] | None = None
    subscriptions: dict[str, tuple[str, str]] = field(default_factory=dict[str, tuple[str, str]])
    """ARN → protocol and endpoint; none of them is confirmed."""


@dataclass(frozen=True)
class AlarmedMetric:
    """A metric that an alarm looks at."""

    id: str
    namespace: str
    name: str
    statistic: str
    period_seconds: int
    dimensions: Mapping[str, str]


@dataclass(frozen=True)
class MetricAlarm:
    """A CloudWatch alarm on an expression over metrics; the key in `World.alarms` is its name."""

    name: str
    arn: str
    description: str
    metrics: tuple[AlarmedMetric, ...]
    expression: str
    comparison: str
    threshold: float
    periods: int
    missing_data: str
    actions: tuple[str, ...]
