"""The figures of a stream that commands report: what the client saw, and what AWS would bill for that."""

from dataclasses import dataclass
from functools import cache

from streamways.bench.table import Row
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


def summary_event(outcome: Outcome) -> dict[str, object]:
    """The line of `--json` that closes a stream; `error` is there only for one that did not finish well."""
    summary = outcome.summary
    event: dict[str, object] = {
        "architecture": outcome.architecture,
        "event": "summary",
        "ttftMs": _rounded(summary.ttft_ms, 1),
        "tokensPerSecond": _rounded(summary.tokens_per_second, 1),
        "messages": summary.messages,
        "totalMs": _rounded(summary.total_ms, 1),
        "usage": summary.usage,
        "cost": _cost_json(cost_of(outcome)),
        "finishReason": summary.finish_reason,
    }
    if outcome.problem is not None:
        event["error"] = _error_json(outcome)
    return event


def saved_row(outcome: Outcome) -> Row:
    """A stream as `--save` keeps it: its figures, and of an error nothing but that there was one."""
    event = summary_event(outcome)
    return {**{key: value for key, value in event.items() if key not in ("event", "error")}, "failed": "error" in event}


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
