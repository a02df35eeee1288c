"""What costs without an answer: an idle stack, a preview, tracing, warm environments, alarms, domains, strangers."""

from typing import Final

from shared.contract.limits import SECRET_MAX_AGE_SECONDS
from stacks.alarms import ACCOUNT_ALARMS
from streamways.clients.client import ARCHITECTURES
from streamways.costs.answer import MEGABYTES_PER_GIGABYTE
from streamways.costs.assumptions import SIZES, Idle, Workload
from streamways.costs.lines import Line, total
from streamways.costs.month import (
    SECONDS_OF_A_MONTH,
    SECONDS_PER_HOUR,
    alarm_lines,
    alarms_of,
    by_row,
    idle_lines,
    monitoring_lines,
    month_lines,
    preview_lines,
    trace_lines,
    warm_lines,
)
from streamways.costs.prices import Priced, Prices
from streamways.costs.tables.amounts import HEADS, MILLION, TITLES, found, usd
from streamways.pages import Row, table

URL_REQUESTS_A_SECOND: Final = 10
"""What a function URL lets through for each copy of a function that may run.
https://docs.aws.amazon.com/lambda/latest/dg/urls-configuration.html#urls-throttling"""
WARM: Final = (1, 5, 20)
CALLS_OF_A_READ: Final = 2
"""A secret is read in two versions."""


def idle(prices: Prices) -> str:
    """A month without a single answer, and the life of a preview."""
    stack, preview = idle_lines(Idle()), preview_lines(Idle())
    rows: list[Row] = []
    for what in by_row([stack, preview]):
        month, life = (total(found(bill, what), prices) for bill in (stack, preview))
        rows.append([what, f"{month:.3f}", f"{month * len(ARCHITECTURES):.3f}", f"{life * len(ARCHITECTURES):.3f}"])
    month, life = total(stack, prices), total(preview, prices) * len(ARCHITECTURES)
    together = [f"**{month:.3f}**", f"**{month * len(ARCHITECTURES):.3f}**", f"**{life:.3f}**"]
    heads = ["in USD", "idle, one architecture, a month", "idle, all three, a month", "a preview, all three, its life"]
    return table(heads, [*rows, ["**together**", *together]])


def tracing(prices: Prices) -> str:
    """The most that the traces of a month cost."""
    bills = {
        name: [month_lines(each, size, Workload(), Idle(), prices) for each in ARCHITECTURES]
        for name, size in SIZES.items()
    }
    rows = [
        [name, *(f"{total(trace_lines(bill), prices):,.2f}" for bill in each)]
        for name, each in {"nobody": [idle_lines(Idle())] * len(ARCHITECTURES), **bills}.items()
    ]
    return table(["used by", *HEADS], rows)


def warm(prices: Prices) -> str:
    """A month of environments that are kept started."""
    rows: list[Row] = []
    for count in WARM:
        memory = Workload().memory_megabytes
        months = [total(warm_lines(name, count, memory), prices) for name in ARCHITECTURES]
        rows.append([str(count), *(usd(month) for month in (*months, sum(months)))])
    return table(["`warm`", *HEADS, "all three"], rows)


def alarms(prices: Prices) -> str:
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
    return table(["a month", "alarms", "metrics that they look at", "USD"], rows)


def domains(prices: Prices) -> str:
    """What a domain of the function URL adds to a month, by its answers. Its secret is read by one busy environment."""
    reads = CALLS_OF_A_READ * SECONDS_OF_A_MONTH / SECRET_MAX_AGE_SECONDS
    fixed = total([Line("secret", 1, Priced.SECRET)], prices)
    most = total([Line("calls", reads, Priced.SECRET_CALL)], prices)
    edge = [Line("requests", MILLION, Priced.EDGE_REQUEST), Line("functions", MILLION, Priced.EDGE_FUNCTION)]
    return table(
        ["a domain of the function URL", "USD"],
        [
            ["the secret, a month", f"{fixed:.2f}"],
            ["an environment that is busy all month and reads it", f"{most:.2f}"],
            ["the distribution of an idle stack", "0.00"],
            ["a million requests, besides their data", f"{total(edge, prices):.2f}"],
        ],
    )


def strangers(prices: Prices) -> str:
    """What copies of a function cost that strangers keep busy."""
    gigabytes = Workload().memory_megabytes / MEGABYTES_PER_GIGABYTE
    copy = total(
        [
            Line("requests", URL_REQUESTS_A_SECOND * SECONDS_PER_HOUR, Priced.REQUEST),
            Line("compute", gigabytes * SECONDS_PER_HOUR, Priced.COMPUTE),
        ],
        prices,
    )
    rows = [[f"{copies:,}", f"{copies * copy:.2f}", f"{copies * copy * 24:.2f}"] for copies in (1, 10, 1000)]
    return table(["copies kept busy", "USD an hour", "USD a day"], rows)
