"""The tables of the cost page. `python -m streamways.costs.page` writes them into it; a test compares them."""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final

from shared.contract.architectures import DESCRIPTORS
from stacks.alarms import ACCOUNT_ALARMS
from streamways.clients.client import ARCHITECTURES, Architecture
from streamways.costs.answer import MEGABYTES_PER_GIGABYTE, Answer, answer_lines
from streamways.costs.assumptions import SIZES, Idle, Workload
from streamways.costs.lines import Line, total
from streamways.costs.month import (
    alarm_lines,
    alarms_of,
    by_row,
    idle_lines,
    metric_lines,
    model_usd,
    monitoring_lines,
    month_lines,
    preview_lines,
    trace_lines,
    warm_lines,
)
from streamways.costs.named import assumed
from streamways.costs.prices import Priced, Prices, read_prices

PAGE: Final = Path(__file__).resolve().parents[2] / "docs" / "cost.md"
BEGIN: Final = "<!-- written by `python -m streamways.costs.page`: {} -->"
END: Final = "<!-- until here -->"
MILLION: Final = 1_000_000
DETAILED: Final = "a product"
SLOW_TOKENS_PER_SECOND: Final = 15
LONG_TOKENS: Final = 1200
URL_REQUESTS_A_SECOND: Final = 10
"""What a function URL lets through for each copy of a function that may run.
https://docs.aws.amazon.com/lambda/latest/dg/urls-configuration.html#urls-throttling"""
SECONDS_PER_HOUR: Final = 3600
WARM: Final = (1, 5, 20)

TITLES: Final[Mapping[Architecture, str]] = {name: one.title for name, one in DESCRIPTORS.items()}
UNITS: Final[Mapping[Priced, tuple[str, int, str]]] = {
    Priced.COMPUTE: ("Lambda, arm64", 1, "GB-second"),
    Priced.REQUEST: ("Lambda, request", MILLION, "million"),
    Priced.KEPT_WARM: ("Lambda, arm64, kept warm", 1, "GB-second"),
    Priced.RUNNING_WARM: ("Lambda, arm64, running in an environment that is kept warm", 1, "GB-second"),
    Priced.SOCKET_MESSAGE: ("WebSocket message, each 32 KB", MILLION, "million"),
    Priced.SOCKET_MINUTE: ("WebSocket connection minute", MILLION, "million"),
    Priced.OPERATION: ("AppSync query or mutation", MILLION, "million"),
    Priced.UPDATE: ("AppSync real-time update, each 5 KB", MILLION, "million"),
    Priced.REALTIME_MINUTE: ("AppSync connection minute", MILLION, "million"),
    Priced.WRITE: ("DynamoDB write unit, on demand", MILLION, "million"),
    Priced.READ: ("DynamoDB read unit, on demand", MILLION, "million"),
    Priced.STORAGE: ("DynamoDB storage", 1, "GB and month"),
    Priced.METRIC: ("CloudWatch metric", 1, "month"),
    Priced.LOG: ("CloudWatch Logs, taken in", 1, "GB"),
    Priced.TRACE: ("X-Ray, recorded trace", MILLION, "million"),
    Priced.ALARM_METRIC: ("CloudWatch alarm, each metric", 1, "month"),
    Priced.DASHBOARD: ("CloudWatch dashboard", 1, "month"),
    Priced.USER: ("Cognito Essentials, active user", 1, "month"),
    Priced.TRANSFER: ("data from AWS to the internet", 1, "GB"),
}
SHOWN_IN: Final[Mapping[Priced, tuple[float, str]]] = {
    Priced.COMPUTE: (1, " GB-s"),
    Priced.LOG: (MILLION, " KB"),
    Priced.TRANSFER: (MILLION, " KB"),
}

Row = Sequence[str]


def tables(prices: Prices) -> dict[str, str]:
    """Every table of the page by its name, as Markdown."""
    made: Mapping[str, Callable[[Prices], str]] = {
        "prices": _prices,
        "one answer": _one_answer,
        "other answers": _other_answers,
        "three sizes": _three_sizes,
        "lines of a month": _lines_of_a_month,
        "idle": _idle,
        "tracing": _tracing,
        "warm": _warm,
        "alarms": _alarms,
        "strangers": _strangers,
        "assumptions": lambda _: _table(
            ["name", "value", "why, or where from"], ([f"`{each.name}`", each.value, each.why] for each in assumed())
        ),
    }
    return {name: make(prices) for name, make in made.items()}


def written(text: str, prices: Prices) -> str:
    """The page with its tables as they are now. Raises ValueError when it lacks the place of one."""
    for name, table in tables(prices).items():
        begin = BEGIN.format(name)
        place = re.compile(re.escape(begin) + r".*?" + re.escape(END), re.DOTALL)
        if len(place.findall(text)) != 1:
            raise ValueError(f"the page needs one place for the table {name!r}: {begin} … {END}")
        text = place.sub(lambda _, made=f"{begin}\n\n{table}\n\n{END}": made, text)
    return text


def _prices(prices: Prices) -> str:
    rows = [
        [name, f"{prices.of(priced) * quantity:.12f}".rstrip("0").rstrip("."), per, f"[AWS]({prices.source(priced)})"]
        for priced, (name, quantity, per) in UNITS.items()
    ]
    model = prices.models[Workload().model]
    for kind in ("input", "output"):
        rows.append([f"`{Workload().model}`, {kind}", str(model[kind]), "million tokens", f"[AWS]({model['source']})"])
    return _table(["what", "USD", "per", "source"], rows)


def _one_answer(prices: Prices) -> str:
    """Quantities with their prices, in millionths of a dollar."""
    workload = Workload()
    bills = {name: answer_lines(Answer.assumed(name, workload), prices) for name in ARCHITECTURES}
    model = prices.of_tokens(workload.model, workload.input_tokens, workload.output_tokens) * MILLION
    rows = [
        [what, *(_in_millionths(_found(bills[name], what), prices) for name in ARCHITECTURES)]
        for what in by_row(bills.values())
    ]
    services = {name: total(bills[name], prices) * MILLION for name in ARCHITECTURES}
    return _table(
        ["one answer, in millionths of a dollar", *(TITLES[name] for name in ARCHITECTURES)],
        [
            *rows,
            ["**services together**", *(f"**{services[name]:.1f}**" for name in ARCHITECTURES)],
            ["the model", *(f"{model:.1f}" for _ in ARCHITECTURES)],
        ],
    )


def _other_answers(prices: Prices) -> str:
    usual = Workload()
    cases = {
        "as above": usual,
        "one more reader": replace(usual, readers=1),
        f"{SLOW_TOKENS_PER_SECOND} tokens a second": replace(usual, tokens_per_second=SLOW_TOKENS_PER_SECOND),
        f"{LONG_TOKENS:,} tokens": replace(usual, output_tokens=LONG_TOKENS),
        "256 MB": replace(usual, memory_megabytes=256),
        "text at most every 200 ms": replace(usual, interval_seconds=0.2),
        "every token sent by itself": replace(usual, interval_seconds=1 / usual.tokens_per_second),
    }
    rows = [
        [
            name,
            *(
                f"{total(answer_lines(Answer.assumed(architecture, case), prices), prices) * MILLION:.0f}"
                for architecture in ARCHITECTURES
            ),
            f"{prices.of_tokens(case.model, case.input_tokens, case.output_tokens) * MILLION:.0f}",
        ]
        for name, case in cases.items()
    ]
    return _table(["services, in millionths of a dollar", *(TITLES[name] for name in ARCHITECTURES), "the model"], rows)


def _three_sizes(prices: Prices) -> str:
    rows = [
        [
            name,
            f"{size.users:,}",
            f"{size.answers:,}",
            *(_usd(total(month_lines(each, size, Workload(), Idle(), prices), prices)) for each in ARCHITECTURES),
            _usd(model_usd(size, Workload(), prices)),
        ]
        for name, size in SIZES.items()
    ]
    heads = ["a month, in USD", "users", "answers", *(TITLES[name] for name in ARCHITECTURES), "the model, apart"]
    return _table(heads, rows)


def _lines_of_a_month(prices: Prices) -> str:
    bills = {name: month_lines(name, SIZES[DETAILED], Workload(), Idle(), prices) for name in ARCHITECTURES}
    rows = [
        [what, *(_usd(total(_found(bills[name], what), prices)) for name in ARCHITECTURES)]
        for what in by_row(bills.values())
    ]
    together = [f"**{_usd(total(bills[name], prices))}**" for name in ARCHITECTURES]
    return _table(
        [f"a month of {DETAILED}, in USD", *(TITLES[name] for name in ARCHITECTURES)],
        [*rows, ["**together**", *together]],
    )


def _idle(prices: Prices) -> str:
    """A month without a single answer, and the life of a preview."""
    stack, preview = idle_lines(Idle()), preview_lines(Idle())
    rows: list[Row] = []
    for what in by_row([stack, preview]):
        month, life = (total(_found(bill, what), prices) for bill in (stack, preview))
        rows.append([what, f"{month:.3f}", f"{month * len(ARCHITECTURES):.3f}", f"{life * len(ARCHITECTURES):.3f}"])
    month, life = total(stack, prices), total(preview, prices) * len(ARCHITECTURES)
    together = [f"**{month:.3f}**", f"**{month * len(ARCHITECTURES):.3f}**", f"**{life:.3f}**"]
    heads = ["in USD", "idle, one architecture, a month", "idle, all three, a month", "a preview, all three, its life"]
    return _table(heads, [*rows, ["**together**", *together]])


def _tracing(prices: Prices) -> str:
    """The most that the traces of a month cost."""
    bills = {
        name: [month_lines(each, size, Workload(), Idle(), prices) for each in ARCHITECTURES]
        for name, size in SIZES.items()
    }
    rows = [
        [name, *(f"{total(trace_lines(bill), prices):,.2f}" for bill in each)]
        for name, each in {"nobody": [idle_lines(Idle())] * len(ARCHITECTURES), **bills}.items()
    ]
    return _table(["used by", *(TITLES[name] for name in ARCHITECTURES)], rows)


def _warm(prices: Prices) -> str:
    rows: list[Row] = []
    for count in WARM:
        memory = Workload().memory_megabytes
        months = [total(warm_lines(name, count, memory), prices) for name in ARCHITECTURES]
        rows.append([str(count), *(_usd(month) for month in (*months, sum(months)))])
    heads = ["`warm`", *(TITLES[name] for name in ARCHITECTURES), "all three"]
    return _table(heads, rows)


def _alarms(prices: Prices) -> str:
    """A month of alarms and dashboard."""
    of = {**{TITLES[name]: alarms_of(name) for name in ARCHITECTURES}, "the account": ACCOUNT_ALARMS}
    rows = [
        [
            whose,
            f"{len(kinds)}",
            f"{sum(len(kind.measures) for kind in kinds)}",
            f"{total(alarm_lines(kinds), prices):.2f}",
        ]
        for whose, kinds in of.items()
    ]
    together = f"**{total(monitoring_lines(ARCHITECTURES), prices):.2f}**"
    rows += [["the dashboard", "", "", f"{prices.of(Priced.DASHBOARD):.2f}"], ["**together**", "", "", together]]
    return _table(["a month", "alarms", "metrics that they look at", "USD"], rows)


def _strangers(prices: Prices) -> str:
    gigabytes = Workload().memory_megabytes / MEGABYTES_PER_GIGABYTE
    copy = total(
        [
            Line("requests", URL_REQUESTS_A_SECOND * SECONDS_PER_HOUR, Priced.REQUEST),
            Line("compute", gigabytes * SECONDS_PER_HOUR, Priced.COMPUTE),
        ],
        prices,
    )
    rows = [[f"{copies:,}", f"{copies * copy:.2f}", f"{copies * copy * 24:.2f}"] for copies in (1, 10, 1000)]
    return _table(["copies kept busy", "USD an hour", "USD a day"], rows)


def metric_month(prices: Prices) -> float:
    """What the metrics of one architecture and model cost that streams in every hour of a month, in USD."""
    return total(metric_lines(SIZES[DETAILED].busy_hours), prices)


def _found(bill: Iterable[Line], what: str) -> list[Line]:
    return [line for line in bill if line.what == what]


def _in_millionths(lines: Sequence[Line], prices: Prices) -> str:
    quantity = sum(line.quantity for line in lines)
    if not quantity:
        return "–"
    factor, unit = SHOWN_IN.get(lines[0].priced, (1, ""))
    return f"{total(lines, prices) * MILLION:.1f} ({quantity * factor:,.3g}{unit})"


def _usd(amount: float) -> str:
    return f"{amount:,.2f}" if amount < 100 else f"{amount:,.0f}"


def _table(heads: Row, rows: Iterable[Row]) -> str:
    return "\n".join("| " + " | ".join(cells) + " |" for cells in [heads, ["---"] * len(heads), *rows])


if __name__ == "__main__":
    PAGE.write_text(written(PAGE.read_text(encoding="utf-8"), read_prices()), encoding="utf-8")
