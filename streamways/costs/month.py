"""The bill of a month: of a stack that nobody uses, and of one that answers so many times."""

from collections.abc import Iterable, Sequence
from typing import Final

from shared.contract.architectures import DESCRIPTORS
from stacks.alarms import ACCOUNT_ALARMS, Alarm, architecture_alarms
from streamways.clients.client import Architecture
from streamways.costs import table
from streamways.costs.answer import (
    BYTES_PER_GIGABYTE,
    MEGABYTES_PER_GIGABYTE,
    Answer,
    answer_lines,
)
from streamways.costs.assumptions import (
    CHAT_ITEM_BYTES,
    HOURS_OF_A_MONTH,
    INVOCATION_LOG_BYTES,
    METRICS,
    TRACED_SHARE,
    TRACES_A_SECOND,
    Idle,
    Size,
    Workload,
)
from streamways.costs.lines import Line
from streamways.costs.prices import Priced, Prices

PREVIEW_LIFE_DAYS: Final = 3
"""How long the preview of a pull request is assumed to live."""
PREVIEW_BUSY_HOURS: Final = 10
"""Hours in which somebody tries it."""
DAYS_OF_A_MONTH = HOURS_OF_A_MONTH / 24
SECONDS_PER_HOUR = 3600
SECONDS_OF_A_MONTH = HOURS_OF_A_MONTH * SECONDS_PER_HOUR
TRACED = (Priced.REQUEST, Priced.OPERATION)
"""What begins a trace: an invocation of a function, and a request to AppSync."""


def idle_lines(idle: Idle) -> list[Line]:
    """A month of one architecture that nobody uses: its schedule fires each minute. EventBridge has no price for that.

    https://aws.amazon.com/eventbridge/pricing/
    """
    compute = idle.sweep_seconds * idle.memory_megabytes / MEGABYTES_PER_GIGABYTE
    return [
        Line("schedule: Lambda, requests", idle.minutes, Priced.REQUEST),
        Line("schedule: Lambda, compute", idle.minutes * compute, Priced.COMPUTE),
        Line("schedule: DynamoDB, reads", idle.minutes * idle.sweep_read_units, Priced.READ),
        Line("schedule: CloudWatch, logs", idle.minutes * INVOCATION_LOG_BYTES / BYTES_PER_GIGABYTE, Priced.LOG),
    ]


def metric_lines(busy_hours: float) -> list[Line]:
    """A month of one architecture's metrics for one model: CloudWatch bills the hours in which a metric got a value."""
    return [Line("CloudWatch: metrics", METRICS * busy_hours / HOURS_OF_A_MONTH, Priced.METRIC)]


def trace_lines(month: Sequence[Line]) -> list[Line]:
    """The most that tracing adds to these lines of a month: their requests spread evenly over it, none in another's
    trace. Functions and AppSync are sampled each for itself."""
    begun = [sum(line.quantity for line in month if line.priced is priced) for priced in TRACED]
    first = SECONDS_OF_A_MONTH * TRACES_A_SECOND
    traces = sum(min(each, first) + max(0, each - first) * TRACED_SHARE for each in begun)
    return [Line("X-Ray: traces", traces, Priced.TRACE)]


def alarm_lines(kinds: Sequence[Alarm]) -> list[Line]:
    """A month of these alarms: CloudWatch bills the metrics that each looks at, whatever its state."""
    return [Line("CloudWatch: alarms", sum(len(kind.measures) for kind in kinds), Priced.ALARM_METRIC)]


def alarms_of(architecture: Architecture) -> Sequence[Alarm]:
    """The alarms of an architecture with the program's defaults; their thresholds cost nothing."""
    return architecture_alarms(0, worker=DESCRIPTORS[architecture].worker, reserved=None)


def monitoring_lines(architectures: Iterable[Architecture]) -> list[Line]:
    """A month of a stack's alarms and of its dashboard, used or not."""
    kinds = [*(kind for name in architectures for kind in alarms_of(name)), *ACCOUNT_ALARMS]
    return [*alarm_lines(kinds), Line("CloudWatch: dashboard", 1, Priced.DASHBOARD)]


def preview_lines(idle: Idle) -> list[Line]:
    """The life of a preview with one architecture: idle but for the hours in which it is tried."""
    life = PREVIEW_LIFE_DAYS / DAYS_OF_A_MONTH
    return [*(line.times(life) for line in idle_lines(idle)), *metric_lines(PREVIEW_BUSY_HOURS)]


def warm_lines(architecture: Architecture, environments: int, memory_megabytes: int) -> list[Line]:
    """A month of so many environments that are kept started of each function that an answer waits for."""
    functions = DESCRIPTORS[architecture].awaited_functions
    gigabytes = functions * environments * memory_megabytes / MEGABYTES_PER_GIGABYTE
    return [Line("Lambda: kept warm", gigabytes * SECONDS_OF_A_MONTH, Priced.KEPT_WARM)]


def worthwhile_share(prices: Prices) -> float:
    """The share of its time that an environment has to run for being kept warm to cost no more than being started."""
    saved = prices.of(Priced.COMPUTE) - prices.of(Priced.RUNNING_WARM)
    return prices.of(Priced.KEPT_WARM) / saved


def month_lines(architecture: Architecture, size: Size, workload: Workload, idle: Idle, prices: Prices) -> list[Line]:
    """A month of a stack with one architecture that is used, besides the model."""
    one = answer_lines(Answer.assumed(architecture, workload), prices)
    return [
        *(line.times(size.answers) for line in one),
        Line("DynamoDB: storage", size.answers * _kept_bytes(workload) / BYTES_PER_GIGABYTE, Priced.STORAGE),
        *idle_lines(idle),
        *metric_lines(size.busy_hours),
        Line("Cognito: active users", size.users, Priced.USER),
    ]


def model_usd(size: Size, workload: Workload, prices: Prices) -> float:
    """What a month takes of the model."""
    return size.answers * prices.of_tokens(workload.model, workload.input_tokens, workload.output_tokens)


def by_row(bills: Iterable[Iterable[Line]]) -> list[str]:
    """What is on any of these bills, in the order of its first appearance."""
    lines = [line for bill in bills for line in bill]
    counted = {line.what for line in lines if line.quantity}
    return [what for what in dict.fromkeys(line.what for line in lines) if what in counted]


def _kept_bytes(workload: Workload) -> int:
    """What an answer leaves in its chat, and its usage record. Journal and record expire after a day, and so count for
    little."""
    in_chat = workload.text_bytes + table.ANSWER_ITEM_BYTES + CHAT_ITEM_BYTES + table.STORED_ITEM_BYTES
    return in_chat + table.USAGE_ITEM_BYTES + table.STORED_ITEM_BYTES
