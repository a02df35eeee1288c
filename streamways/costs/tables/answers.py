"""What one answer costs, and what changes that."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Final

from streamways.clients.client import ARCHITECTURES
from streamways.costs.answer import Answer, answer_lines
from streamways.costs.assumptions import Workload
from streamways.costs.lines import Line, total
from streamways.costs.month import by_row
from streamways.costs.prices import Priced, Prices
from streamways.costs.tables.amounts import HEADS, MILLION, found
from streamways.pages import table

SLOW_TOKENS_PER_SECOND: Final = 15
LONG_TOKENS: Final = 1200
SHOWN_IN: Final[Mapping[Priced, tuple[float, str]]] = {
    Priced.COMPUTE: (1, " GB-s"),
    Priced.LOG: (MILLION, " KB"),
    Priced.TRANSFER: (MILLION, " KB"),
}


def one_answer(prices: Prices) -> str:
    """Quantities with their prices, in millionths of a dollar."""
    workload = Workload()
    bills = {name: answer_lines(Answer.assumed(name, workload), prices) for name in ARCHITECTURES}
    model = prices.of_tokens(workload.model, workload.input_tokens, workload.output_tokens) * MILLION
    rows = [
        [what, *(_in_millionths(found(bills[name], what), prices) for name in ARCHITECTURES)]
        for what in by_row(bills.values())
    ]
    services = {name: total(bills[name], prices) * MILLION for name in ARCHITECTURES}
    return table(
        ["one answer, in millionths of a dollar", *HEADS],
        [
            *rows,
            ["**services together**", *(f"**{services[name]:.1f}**" for name in ARCHITECTURES)],
            ["the model", *(f"{model:.1f}" for _ in ARCHITECTURES)],
        ],
    )


def other_answers(prices: Prices) -> str:
    """The same answer with one thing changed."""
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
    return table(["services, in millionths of a dollar", *HEADS, "the model"], rows)


def _in_millionths(lines: Sequence[Line], prices: Prices) -> str:
    quantity = sum(line.quantity for line in lines)
    if not quantity:
        return "–"
    factor, unit = SHOWN_IN.get(lines[0].priced, (1, ""))
    return f"{total(lines, prices) * MILLION:.1f} ({quantity * factor:,.3g}{unit})"
