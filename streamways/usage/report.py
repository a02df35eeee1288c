"""The report of what streams have used: pure figures, made of their records.

Money is in whole billionths of a US dollar until it is shown.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from shared.contract.prices import NANO_PER_DOLLAR
from streamways.usage.records import Used

MOST_USD_AN_HOUR: Final = 100
MOST_FAILED_PERCENT: Final = 5
TOP: Final = 10
WEEKDAYS: Final = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


@dataclass
class Sum:
    """What some streams have used together."""

    streams: int = 0
    failed: int = 0
    unpriced: int = 0
    """Streams of a model that the price file does not know: their cost is not in the sum."""
    input_tokens: int = 0
    output_tokens: int = 0
    cost_nano_usd: int = 0

    def add(self, used: Used) -> None:
        """Adds one stream."""
        self.streams += 1
        self.failed += used.failed
        self.unpriced += used.cost_nano_usd is None
        self.input_tokens += used.input_tokens
        self.output_tokens += used.output_tokens
        self.cost_nano_usd += used.cost_nano_usd or 0

    @property
    def cost_usd(self) -> float:
        return self.cost_nano_usd / NANO_PER_DOLLAR

    @property
    def failed_percent(self) -> float:
        return 100 * self.failed / self.streams if self.streams else 0.0

    def to_json(self) -> dict[str, object]:
        """`{"streams", "failed", "unpriced", "inputTokens", "outputTokens", "costUsd"}`."""
        return {
            "streams": self.streams,
            "failed": self.failed,
            "unpriced": self.unpriced,
            "inputTokens": self.input_tokens,
            "outputTokens": self.output_tokens,
            "costUsd": self.cost_usd,
        }


def _sums() -> dict[str, Sum]:
    return defaultdict(Sum)


@dataclass
class Report:
    """Sums of streams, over all of them and by what they have in common."""

    whole: Sum = field(default_factory=Sum)
    by: Mapping[str, dict[str, Sum]] = field(default_factory=lambda: {name: _sums() for name in GROUPS})
    hours: dict[str, int] = field(default_factory=dict[str, int])
    """Cost in billionths of USD of each hour in which a stream ended, such as `2026-11-22T07`."""
    stop_reasons: Counter[str] = field(default_factory=Counter[str])
    ratings: Counter[str] = field(default_factory=Counter[str])

    @classmethod
    def of(cls, records: Iterable[Used]) -> "Report":
        """The report of these streams."""
        report = cls()
        for used in records:
            report.whole.add(used)
            for name, group in GROUPS.items():
                report.by[name][group(used)].add(used)
            hour = f"{used.ended_at:%Y-%m-%dT%H}"
            report.hours[hour] = report.hours.get(hour, 0) + (used.cost_nano_usd or 0)
            report.stop_reasons[used.stop_reason] += 1
            report.ratings[used.rating or "none"] += 1
        return report

    @property
    def dearest_hour(self) -> tuple[str, float] | None:
        """The hour that has cost most, and its cost in USD; None without any stream."""
        if not self.hours:
            return None
        hour = max(self.hours, key=lambda hour: (self.hours[hour], hour))
        return hour, self.hours[hour] / NANO_PER_DOLLAR

    def shown(self, group: str) -> dict[str, Sum]:
        """The hours or weekdays in their order; of any other group the ten that cost most, the dearest first."""
        sums = self.by[group]
        if group in ORDERED:
            return {name: sums[name] for name in ORDERED[group] if name in sums}
        dearest = sorted(sums.items(), key=lambda one: (-one[1].cost_nano_usd, -one[1].streams, one[0]))
        return dict(dearest[:TOP])

    def to_json(self) -> dict[str, object]:
        """What `streamways usage --json` prints: docs/usage.md has the names."""
        dearest = self.dearest_hour
        return {
            **self.whole.to_json(),
            "failedPercent": round(self.whole.failed_percent, 2),
            "mostFailedPercent": MOST_FAILED_PERCENT,
            "dearestHour": dearest and {"hour": dearest[0], "costUsd": dearest[1]},
            "mostUsdAnHour": MOST_USD_AN_HOUR,
            "by": {name: {key: one.to_json() for key, one in self.shown(name).items()} for name in GROUPS},
            "stopReasons": dict(self.stop_reasons.most_common()),
            "ratings": {name: self.ratings[name] for name in ("up", "down", "none")},
        }


GROUPS: Final[Mapping[str, Callable[[Used], str]]] = {
    "hour": lambda used: f"{used.ended_at:%H}",
    "weekday": lambda used: WEEKDAYS[used.ended_at.weekday()],
    "tier": lambda used: used.tier,
    "architecture": lambda used: used.architecture,
    "model": lambda used: used.model,
    "user": lambda used: used.user,
    "chat": lambda used: used.chat_id,
}
"""What streams have in common → what tells theirs from others'. Hours and weekdays are in UTC."""
ORDERED: Final[Mapping[str, Sequence[str]]] = {"hour": [f"{hour:02d}" for hour in range(24)], "weekday": WEEKDAYS}
"""Groups that are told whole, in an order of their own."""
