"""The table at the end of a race: one line for each architecture, each column labelled with what its figures are."""

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from streamways.cli.figures import Figures, figures_of, prices
from streamways.cli.text import dollars, milliseconds, printable
from streamways.target.races import Raced
from streamways.target.streams import Outcome

EMULATED = (
    "emulated: measured on this machine against an emulated model. The figures compare the architectures with each "
    "other. They say nothing about AWS."
)
MEASURED = "measured: from this machine, on a connection that was open before the prompt."


def results(raced: Raced, *, emulated: bool) -> RenderableType:
    """The table, what its labels mean, and what went wrong."""
    calculated = (
        "calculated: model and AWS services without free tiers, at the prices of "
        f"{prices().date} in shared/prices.json."
    )
    return Group(
        _table(raced, emulated=emulated),
        "",
        Text(EMULATED if emulated else MEASURED, style="dim"),
        Text(calculated, style="dim"),
        *_problems(raced),
    )


def _table(raced: Raced, *, emulated: bool) -> Table:
    source = "emulated" if emulated else "measured"
    table = Table(
        title=_title(raced),
        title_justify="left",
        title_style="dim",
        box=None,
        padding=(0, 1),
        pad_edge=False,
        header_style="bold",
    )
    table.add_column("\narchitecture", no_wrap=True)
    for name in ("time to\nfirst token", "tokens/s\n", "messages\n", "total\ntime", "tokens\nin / out"):
        table.add_column(f"{name}\n[dim]{source}[/]", justify="right", no_wrap=True)
    table.add_column("cost on AWS\nper answer\n[dim]calculated[/]", justify="right", no_wrap=True)
    for runs in raced.by_architecture.values():
        table.add_row(*_row(figures_of(runs)))
    return table


def _title(raced: Raced) -> str:
    """In the words of the web page."""
    if not raced.warm:
        return "one race"
    count = len(raced.runs)
    return f"medians of {count} runs, after a warm-up" if count > 1 else "one run, after a warm-up"


def _row(figures: Figures) -> list[str]:
    usage = figures.usage or {}
    cost = figures.cost
    return [
        figures.architecture,
        milliseconds(figures.ttft_ms),
        _count(figures.tokens_per_second),
        _count(figures.messages),
        milliseconds(figures.total_ms),
        f"{_count(usage.get('inputTokens'))} / {_count(usage.get('outputTokens'))}",
        dollars(cost.total if cost else None),
    ]


def _count(value: float | None) -> str:
    return "–" if value is None else f"{value:.0f}"


def _problems(raced: Raced) -> list[Text]:
    return [
        _problem(outcome, f" in run {number}" if len(raced.runs) > 1 else "")
        for number, run in enumerate(raced.runs, 1)
        for outcome in run
        if outcome.problem is not None
    ]


def _problem(outcome: Outcome, when: str) -> Text:
    told = Text(f"{outcome.architecture} failed{when}: ", style="red")
    return told.append(printable(outcome.problem or ""), style="default")
