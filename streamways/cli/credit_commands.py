"""`streamways credits`: what an operator gives users and puts right, and the ledger that says why they have what."""

from typing import Annotated

import typer

from shared.contract.credits import MOST_CREDITS
from streamways.cli.options import Json, Port, StreamsTable

User = Annotated[str, typer.Argument(metavar="SUB", help="The `sub` of the user's tokens.", show_default=False)]
Reason = Annotated[str, typer.Option(metavar="TEXT", help="Why; it stands in the ledger.", show_default=False)]

app = typer.Typer(rich_markup_mode=None, help="Give users credits, put them right, and list their ledger.")


@app.command(short_help="Give a user credits.")
def grant(
    user: User,
    credits: Annotated[
        int,
        typer.Argument(metavar="CREDITS", min=1, max=MOST_CREDITS, help="Millionths of a dollar.", show_default=False),
    ],
    reason: Reason,
    table: StreamsTable = None,
    port: Port = None,
) -> None:
    """Give a user credits. They are used after those of the month, and stay until then.

    \b
    Examples:
      streamways credits grant 6f2c… 5000000 --reason "order 1234"
      streamways credits grant 6f2c… 5000000 --reason "order 1234" --table core-streams-1a2b3c4
    """
    from streamways.cli.credits import print_statement
    from streamways.credits.books import Books
    from streamways.target.table import streams_table

    books = Books(streams_table(table, port))
    books.grant(user, credits, reason)
    print_statement(books.statement(user), as_json=False, entries=1)


@app.command(short_help="Put a user's credits right.")
def correct(
    user: User,
    by: Annotated[
        int,
        typer.Option(
            metavar="CREDITS",
            min=-MOST_CREDITS,
            max=MOST_CREDITS,
            help="What to add; negative to take away.",
            show_default=False,
        ),
    ],
    reason: Reason,
    table: StreamsTable = None,
    port: Port = None,
) -> None:
    """Put a user's credits right, in either direction. What streams hold at the moment is not touched.

    \b
    Examples:
      streamways credits correct 6f2c… --by=-5000000 --reason "order 1234 was paid back"
    """
    from streamways.cli.credits import print_statement
    from streamways.credits.books import Books
    from streamways.target.table import streams_table

    books = Books(streams_table(table, port))
    books.correct(user, by, reason)
    print_statement(books.statement(user), as_json=False, entries=1)


@app.command("list", short_help="List the ledger of a user's credits.")
def ledger(user: User, json: Json = False, table: StreamsTable = None, port: Port = None) -> None:
    """List what a user got and what was taken, and what they have. The entries must come to that.

    \b
    Examples:
      streamways credits list 6f2c…
      streamways credits list 6f2c… --json
    """
    from streamways.cli.credits import print_statement
    from streamways.credits.books import Books
    from streamways.target.table import streams_table

    statement = Books(streams_table(table, port)).statement(user)
    print_statement(statement, as_json=json)
    raise typer.Exit(int(statement.difference != 0))
