"""The tables of the cost page, and the figures of its calculator. `python -m streamways.costs.page` writes them; a test
compares them.
"""

from collections.abc import Callable, Mapping
from typing import Final

from streamways.costs.calculator import DATA, data_script
from streamways.costs.prices import Prices, read_prices
from streamways.costs.tables import answers, months, sources, standing, waiting
from streamways.pages import DOCS, filled

PAGE: Final = DOCS / "cost.md"
COMPARISON: Final = DOCS / "comparison.md"
MODULE: Final = "streamways.costs.page"
TABLES: Final[Mapping[str, Callable[[Prices], str]]] = {
    "prices": sources.price_list,
    "one answer": answers.one_answer,
    "other answers": answers.other_answers,
    "three sizes": months.three_sizes,
    "each answer": months.each_answer,
    "lines of a month": months.lines_of_a_month,
    "waiting of an answer": waiting.waiting_of_an_answer,
    "waiting elsewhere": waiting.waiting_elsewhere,
    "idle": standing.idle,
    "tracing": standing.tracing,
    "warm": standing.warm,
    "alarms": standing.alarms,
    "domains": standing.domains,
    "strangers": standing.strangers,
    "assumptions": sources.assumptions,
}


def tables(prices: Prices) -> dict[str, str]:
    """Every table of the page by its name, as Markdown."""
    return {name: make(prices) for name, make in TABLES.items()}


def written(text: str, prices: Prices) -> str:
    """The page with its tables as they are now. Raises ValueError when it lacks the place of one."""
    return filled(text, MODULE, tables(prices))


def comparison(text: str, prices: Prices) -> str:
    """The page that compares, with its table of costs as it is now. Raises ValueError when it lacks its place."""
    return filled(text, MODULE, {"comparison": months.compared(prices)})


if __name__ == "__main__":
    PAGE.write_text(written(PAGE.read_text(encoding="utf-8"), read_prices()), encoding="utf-8")
    COMPARISON.write_text(comparison(COMPARISON.read_text(encoding="utf-8"), read_prices()), encoding="utf-8")
    DATA.write_text(data_script(read_prices()), encoding="utf-8")
