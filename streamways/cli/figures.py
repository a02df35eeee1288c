"""The figures of a stream that commands report: what the client saw, and what AWS would bill for that."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from statistics import median

from streamways.bench.table import Row
from streamways.clients.client import Architecture
from streamways.clients.errors import Refused
from streamways.clients.summary import answer
from streamways.costs.answer import Answer, answer_lines
from streamways.costs.assumptions import Workload
from streamways.costs.lines import total
from streamways.costs.prices import Prices, read_prices
from streamways.target.streams import Outcome

ASSUMED = Workload()
"""The program's defaults, where no client can tell: no output of a stack says how much memory its functions have."""
MILLISECONDS = 1000


@dataclass(frozen=True)
class Cost:
    """USD for one stream, calculated. None is what cannot be known."""

    model: float | None
    services: float

    @property
    def total(self) -> float | None:
        return None if self.model is None else self.model + self.services


@dataclass(frozen=True)
class Figures:
    """What one architecture did with a prompt: in one run, or the medians of several. None is what cannot be told."""

    architecture: Architecture
    runs: int
    """Of how many runs these are the medians."""
    ttft_ms: float | None
    tokens_per_second: float | None
    messages: float | None
    total_ms: float | None
    usage: Mapping[str, float | None] | None
    cost: Cost | None


@cache
def prices() -> Prices:
    """The prices of the project's own file."""
    return read_prices()


def cost_of(outcome: Outcome) -> Cost | None:
    """What a stream cost on AWS; None if nothing of it came."""
    if not outcome.received:
        return None
    summary = outcome.summary
    return Cost(summary.model_cost, total(answer_lines(answer_of(outcome), prices()), prices()))


def answer_of(outcome: Outcome) -> Answer:
    """What the cost model is told of a stream: what its client has measured, and the connection as long as that."""
    summary = outcome.summary
    return Answer(
        architecture=outcome.architecture,
        seconds=summary.total_ms / MILLISECONDS,
        text_bytes=len(answer(outcome.received).encode()),
        parts=len(outcome.received),
        message_bytes=summary.message_bytes,
        connection_seconds=summary.total_ms / MILLISECONDS,
        memory_megabytes=ASSUMED.memory_megabytes,
        short_function_seconds=ASSUMED.short_function_seconds,
    )


def figures_of(runs: Sequence[Outcome]) -> Figures:
    """The medians over the runs of one architecture that finished well; where none did, over all of them.

    Of a figure that some runs lack it is the median of the others.
    """
    counted = [run for run in runs if run.problem is None] or runs
    summaries = [run.summary for run in counted]
    usages = [summary.usage for summary in summaries if summary.usage is not None]
    costs = [cost for run in counted if (cost := cost_of(run)) is not None]
    services = _median(cost.services for cost in costs)
    return Figures(
        runs[0].architecture,
        len(counted),
        ttft_ms=_median(summary.ttft_ms for summary in summaries),
        tokens_per_second=_median(summary.tokens_per_second for summary in summaries),
        messages=_median(summary.messages for summary in summaries),
        total_ms=_median(summary.total_ms for summary in summaries),
        usage={name: _median(usage.get(name) for usage in usages) for name in usages[0]} if usages else None,
        cost=None if services is None else Cost(_median(cost.model for cost in costs), services),
    )


def summary_event(outcome: Outcome) -> dict[str, object]:
    """The line of `--json` that closes a stream; `error` is there only for one that did not finish well."""
    event: dict[str, object] = {
        "architecture": outcome.architecture,
        "event": "summary",
        **_figures_json(figures_of([outcome])),
        "finishReason": outcome.summary.finish_reason,
    }
    if outcome.problem is not None:
        event["error"] = _error_json(outcome)
    return event


def medians_event(runs: Sequence[Outcome]) -> dict[str, object]:
    """The line of `--json` that closes a measurement of one architecture."""
    figures = figures_of(runs)
    event = {"architecture": figures.architecture, "event": "medians", "runs": figures.runs}
    return event | _figures_json(figures)


def saved_row(runs: Sequence[Outcome]) -> Row:
    """The runs of one architecture as `--save` keeps them: their medians, and of an error only that there was one."""
    figures = figures_of(runs)
    return {
        "architecture": figures.architecture,
        "runs": figures.runs,
        **_figures_json(figures),
        "finishReason": runs[-1].summary.finish_reason,
        "failed": any(run.problem is not None for run in runs),
    }


def _figures_json(figures: Figures) -> dict[str, object]:
    return {
        "ttftMs": _rounded(figures.ttft_ms, 1),
        "tokensPerSecond": _rounded(figures.tokens_per_second, 1),
        "messages": figures.messages,
        "totalMs": _rounded(figures.total_ms, 1),
        "usage": figures.usage,
        "cost": _cost_json(figures.cost),
    }


def _median(values: Iterable[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return median(known) if known else None


def _cost_json(cost: Cost | None) -> dict[str, object] | None:
    if cost is None:
        return None
    return {
        "currency": "USD",
        "model": cost.model,
        "services": _rounded(cost.services, 9),
        "total": _rounded(cost.total, 9),
        "pricesOf": prices().date,
    }


def _error_json(outcome: Outcome) -> dict[str, object]:
    failure = outcome.failure
    if not isinstance(failure, Refused):
        return {"message": outcome.problem}
    error: dict[str, object] = {"code": failure.code, "message": failure.message}
    return error if failure.retry_after is None else error | {"retryAfter": failure.retry_after}


def _rounded(value: float | None, digits: int) -> float | None:
    return None if value is None else round(value, digits)
