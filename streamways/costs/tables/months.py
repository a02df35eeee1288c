"""What a month costs at three sizes."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from streamways.clients.client import ARCHITECTURES
from streamways.costs.answer import Answer, answer_lines
from streamways.costs.assumptions import SIZES, Idle, Workload
from streamways.costs.lines import Line, total
from streamways.costs.month import by_row, idle_lines, metric_lines, model_usd, month_lines
from streamways.costs.prices import Priced, Prices
from streamways.costs.tables.amounts import HEADS, MILLION, found, usd
from streamways.pages import Row, table

DETAILED: Final = "a product"


def three_sizes(prices: Prices) -> str:
    """USD a month, the model apart."""
    rows = [
        [
            name,
            f"{size.users:,}",
            f"{size.answers:,}",
            *(usd(total(month_lines(each, size, Workload(), Idle(), prices), prices)) for each in ARCHITECTURES),
            usd(model_usd(size, Workload(), prices)),
        ]
        for name, size in SIZES.items()
    ]
    return table(["a month, in USD", "users", "answers", *HEADS, "the model, apart"], rows)


def each_answer(prices: Prices) -> str:
    """A month divided by its answers: what does not grow with use counts less and less."""
    rows = [
        [
            name,
            *(
                f"{total(month_lines(each, size, Workload(), Idle(), prices), prices) / size.answers * MILLION:,.0f}"
                for each in ARCHITECTURES
            ),
            f"{model_usd(size, Workload(), prices) / size.answers * MILLION:,.0f}",
        ]
        for name, size in SIZES.items()
    ]
    return table(["each answer of a month, in millionths of a dollar", *HEADS, "the model, apart"], rows)


def compared(prices: Prices) -> str:
    """The figures of the comparison, each with a link to the table that it comes from."""
    usual = Workload()
    answers = {
        "one answer, in millionths of a dollar": usual,
        "the same with a second reader": replace(usual, readers=1),
        "an answer of 1,200 tokens": replace(usual, output_tokens=1200),
    }
    rows: list[Row] = [
        [
            f"{name}, {size.answers:,} answers a month, in USD",
            *(
                _linked(total(month_lines(each, size, usual, Idle(), prices), prices), "what-a-month-costs")
                for each in ARCHITECTURES
            ),
        ]
        for name, size in SIZES.items()
    ]
    rows += [
        [
            name,
            *(
                f"[{total(answer_lines(Answer.assumed(each, workload), prices), prices) * MILLION:,.0f}]"
                "(cost.md#what-changes-the-cost)"
                for each in ARCHITECTURES
            ),
        ]
        for name, workload in answers.items()
    ]
    idle = _linked(total(idle_lines(Idle()), prices), "what-a-stack-costs-while-nobody-uses-it")
    return table(["", *HEADS], [*rows, ["a month in which nobody asks, in USD", *([idle] * len(ARCHITECTURES))]])


def _linked(amount: float, place: str) -> str:
    return f"[{usd(amount)}](cost.md#{place})"


def lines_of_a_month(prices: Prices) -> str:
    """One of the sizes, line by line."""
    bills = {name: month_lines(name, SIZES[DETAILED], Workload(), Idle(), prices) for name in ARCHITECTURES}
    rows = [
        [what, *(usd(total(found(bills[name], what), prices)) for name in ARCHITECTURES)]
        for what in by_row(bills.values())
    ]
    together = [f"**{usd(total(bills[name], prices))}**" for name in ARCHITECTURES]
    without = [usd(total(_without_users(bills[name]), prices)) for name in ARCHITECTURES]
    return table(
        [f"a month of {DETAILED}, in USD", *HEADS],
        [*rows, ["**together**", *together], ["without Cognito, for an issuer of your own", *without]],
    )


def _without_users(bill: Sequence[Line]) -> list[Line]:
    return [line for line in bill if line.priced is not Priced.USER]


def metric_month(prices: Prices) -> float:
    """What the metrics of one architecture and model cost that streams in every hour of a month, in USD."""
    return total(metric_lines(SIZES[DETAILED].busy_hours), prices)
