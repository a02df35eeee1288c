"""Prints what a user has, and the ledger behind it."""

import json

from shared.contract.credits import NANO_PER_CREDIT
from streamways.cli.listing import lines
from streamways.cli.text import printable
from streamways.credits.books import Booked, Statement


def print_statement(statement: Statement, *, as_json: bool, entries: int | None = None) -> None:
    """The last so many entries, or all, and what they come to."""
    if as_json:
        print(json.dumps(statement.to_json(), indent=2))
        return
    for entry in statement.entries[-entries:] if entries else statement.entries:
        print(_line(entry))
    totals = {"left": statement.balance, "held by streams": statement.held}
    if statement.difference:
        totals["not explained by the ledger"] = statement.difference
    print(lines({name: _credits(nano) for name, nano in totals.items()}))


def _line(entry: Booked) -> str:
    return f"{entry.at}  {entry.kind:<10}  {_credits(entry.nano, sign='+'):>18}  {printable(entry.about)}".rstrip()


def _credits(nano: int, sign: str = "-") -> str:
    """Credits with the thousandths that they are counted in: `1,234.500`."""
    whole, rest = divmod(abs(nano), NANO_PER_CREDIT)
    return f"{'-' if nano < 0 else sign.replace('-', '')}{whole:,}.{rest:03}"
