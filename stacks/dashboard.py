"""The body of the dashboard: one graph for each kind of alarm, drawn from what the alarms themselves look at.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/CloudWatch-Dashboard-Body-Structure.html
"""

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from shared.contract.metrics import StackMetric
from stacks.alarms import PERIOD_SECONDS, Alarm, Measure, dimensions, namespace

# A dashboard is 24 units wide.
COLUMNS: Final = 2
GRAPH_WIDTH: Final = 24 // COLUMNS
GRAPH_HEIGHT: Final = 6
STATES_HEIGHT: Final = 3
# https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutDashboard.html
LONGEST_NAME: Final = 255

_FORBIDDEN: Final = re.compile(r"[^A-Za-z0-9_-]")
_TRAFFIC: Final = Alarm(
    "streams",
    "Streams that ended",
    [Measure("streams", "streams", StackMetric.FAILED_STREAMS, "SampleCount")],
    "{streams}",
    threshold=0,
)
"""No alarm, but what the shares below are shares of."""


@dataclass(frozen=True)
class Watched:
    """An architecture, or the account (`""`), with its alarms and with the names of its functions."""

    architecture: str
    alarms: Sequence[Alarm]
    functions: Mapping[str, str]


def dashboard_name(project: str, stack: str) -> str:
    """`project-stack`, in the letters that CloudWatch takes. Pulumi names no dashboard by itself.

    A name that had to be changed ends in a digest, so that `a.b` and `a-b` have two dashboards.
    """
    plain = f"{project}-{stack}"
    name = _FORBIDDEN.sub("-", plain)
    if name == plain and len(name) <= LONGEST_NAME:
        return name
    digest = hashlib.sha256(plain.encode()).hexdigest()[:7]
    return f"{name[: LONGEST_NAME - len(digest) - 1]}-{digest}"


def dashboard_body(region: str, stack: str, watched: Sequence[Watched], alarm_arns: Sequence[str]) -> str:
    """The dashboard as JSON: the state of every alarm, the traffic, and a graph with a line for each architecture."""
    with_traffic = [each for each in watched if each.architecture]
    graphs = [_graph(region, stack, [(each, _TRAFFIC) for each in with_traffic], [])]
    kinds = dict.fromkeys(alarm.anchor for each in watched for alarm in each.alarms)
    for anchor in kinds:
        lines = [(each, alarm) for each in watched for alarm in each.alarms if alarm.anchor == anchor]
        graphs.append(_graph(region, stack, lines, sorted({alarm.threshold for _, alarm in lines})))
    states = {
        "type": "alarm",
        **_place(0, 0, COLUMNS * GRAPH_WIDTH, STATES_HEIGHT),
        "properties": {"title": f"Alarms of stack {stack}", "alarms": list(alarm_arns)},
    }
    placed = [
        {
            **graph,
            **_place(
                number % COLUMNS * GRAPH_WIDTH,
                STATES_HEIGHT + number // COLUMNS * GRAPH_HEIGHT,
                GRAPH_WIDTH,
                GRAPH_HEIGHT,
            ),
        }
        for number, graph in enumerate(graphs)
    ]
    return json.dumps({"widgets": [states, *placed]}, separators=(",", ":"))


def _graph(
    region: str, stack: str, lines: Sequence[tuple[Watched, Alarm]], thresholds: Sequence[float]
) -> dict[str, object]:
    metrics: list[list[object]] = []
    for number, (watched, alarm) in enumerate(lines):
        prefix = f"m{number}_"
        label = watched.architecture or "account"
        metrics.append([{"expression": alarm.formula(prefix), "label": label, "id": f"e{number}"}])
        for measure in alarm.measures:
            of = dimensions(measure.of, stack, watched.architecture, watched.functions)
            shown = {"id": f"{prefix}{measure.id}", "stat": measure.statistic, "visible": False}
            metrics.append(
                [namespace(measure.of), measure.metric, *(text for pair in of.items() for text in pair), shown]
            )
    properties: dict[str, object] = {
        "title": lines[0][1].title,
        "region": region,
        "period": PERIOD_SECONDS,
        "view": "timeSeries",
        "metrics": metrics,
        "yAxis": {"left": {"min": 0}},
    }
    if thresholds:
        properties["annotations"] = {"horizontal": [{"label": "alarm", "value": threshold} for threshold in thresholds]}
    return {"type": "metric", "properties": properties}


def _place(x: int, y: int, width: int, height: int) -> dict[str, int]:
    return {"x": x, "y": y, "width": width, "height": height}
