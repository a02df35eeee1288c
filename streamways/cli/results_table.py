"""The table at the end of a run: one line for each architecture, each column labelled with what its figures are."""

from collections.abc import Sequence

from rich.console import Console
from rich.table import Table

from streamways.cli.figures import cost_of, prices
from streamways.cli.text import dollars, milliseconds, printable
from streamways.target.streams import Outcome


def results_table(outcomes: Sequence[Outcome], *, emulated: bool) -> Table:
    """The figures of streams that ran together."""
    source = "emulated" if emulated else "measured"
    table = Table(box=None, padding=(0, 1), pad_edge=False, header_style="bold")
    table.add_column("\narchitecture", no_wrap=True)
    for name in ("time to\nfirst token", "tokens/s\n", "messages\n", "total\ntime", "tokens\nin / out"):
        table.add_column(f"{name}\n[dim]{source}[/]", justify="right", no_wrap=True)
    table.add_column("cost on AWS\nper answer\n[dim]calculated[/]", justify="right", no_wrap=True)
    for outcome in outcomes:
        table.add_row(*_row(outcome))
    return table


def print_results(console: Console, outcomes: Sequence[Outcome], *, emulated: bool) -> None:
    """The table, what its labels mean, and what went wrong."""
    console.print(results_table(outcomes, emulated=emulated))
    console.print()
    if emulated:
        console.print(
            "[dim]emulated: measured on this machine against an emulated model. The figures compare the architectures "
            "with each other. They say nothing about AWS.[/]"
        )
    else:
        console.print("[dim]measured: from this machine, on a connection that was open before the prompt.[/]")
    console.print(
        f"[dim]calculated: model and AWS services without free tiers, at the prices of {prices().date} in "
        "shared/prices.json.[/]"
    )
    for outcome in outcomes:
        if outcome.problem is not None:
            console.print(f"[red]{outcome.architecture} failed:[/] ", end="")
            console.print(printable(outcome.problem), markup=False, highlight=False)


def _row(outcome: Outcome) -> list[str]:
    summary = outcome.summary
    usage = summary.usage or {}
    rate = summary.tokens_per_second
    cost = cost_of(outcome)
    return [
        outcome.architecture,
        milliseconds(summary.ttft_ms),
        "–" if rate is None else f"{rate:.0f}",
        str(summary.messages),
        milliseconds(summary.total_ms),
        f"{usage.get('inputTokens', '–')} / {usage.get('outputTokens', '–')}",
        dollars(cost.total if cost else None),
    ]
