"""`usage`: what the streams of a stack have used, as tables or as JSON."""

import json
from datetime import UTC, datetime, timedelta

from rich.console import Console
from rich.table import Table

from streamways.cli.text import printable
from streamways.target.table import streams_table
from streamways.usage.records import UsageRecords
from streamways.usage.report import GROUPS, MOST_FAILED_PERCENT, MOST_USD_AN_HOUR, Report, Sum


def print_usage(
    *, as_json: bool, days: int, user: str | None, chat: str | None, table: str | None, port: int | None
) -> None:
    """Prints the report of the last `days` days, today included, in UTC. Raises CommandError."""
    records = UsageRecords(streams_table(table, port))
    today = datetime.now(UTC).date()
    dates = [today - timedelta(days=back) for back in reversed(range(days))]
    found = (used for day in dates for used in (records.of_day(day) if user is None else records.of_user(user, day)))
    report = Report.of(used for used in found if chat is None or used.chat_id == chat)
    if as_json:
        period = {"from": dates[0].isoformat(), "to": today.isoformat()}
        print(json.dumps({**period, **report.to_json()}, indent=2))
        return
    _print(Console(), report, f"{dates[0]} to {today}")


def _print(console: Console, report: Report, period: str) -> None:
    whole, dearest = report.whole, report.dearest_hour
    console.print(f"streams: {whole.streams}, {period} (UTC), {_usd(whole)} for the models", highlight=False)
    if dearest is None:
        return
    hour, cost = dearest
    share = whole.failed_percent
    console.print(
        f"dearest hour: {hour}, ${cost:.6f} of ${MOST_USD_AN_HOUR}{_over(cost > MOST_USD_AN_HOUR)}\n"
        f"errors: {share:.1f} % of {MOST_FAILED_PERCENT} %{_over(share > MOST_FAILED_PERCENT)}\n"
        f"thumbs: {report.ratings['up']} up, {report.ratings['down']} down",
        highlight=False,
    )
    if whole.unpriced:
        console.print(f"{whole.unpriced} streams of a model without a price are not in the cost", highlight=False)
    for name in GROUPS:
        sums = report.shown(name)
        console.print()
        console.print(_table(name, sums))


def _table(name: str, sums: dict[str, Sum]) -> Table:
    table = Table(box=None, padding=(0, 1), pad_edge=False, header_style="bold")
    table.add_column(f"{name}, UTC" if name == "hour" else name, overflow="fold")
    for column in ("streams", "errors", "tokens in / out", "cost"):
        table.add_column(column, justify="right", no_wrap=True)
    for key, one in sums.items():
        tokens = f"{one.input_tokens} / {one.output_tokens}"
        table.add_row(printable(key), str(one.streams), str(one.failed), tokens, _usd(one))
    return table


def _usd(one: Sum) -> str:
    return f"${one.cost_usd:.6f}"


def _over(is_over: bool) -> str:
    return ": above it" if is_over else ""
