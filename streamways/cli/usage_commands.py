"""`streamways usage`: its options and help."""

from typing import Annotated

import typer

from streamways.cli.options import Json, Port, StreamsTable

app = typer.Typer(rich_markup_mode=None)


@app.command(short_help="Print what the streams of a stack have used.")
def usage(
    json: Json = False,
    days: Annotated[int, typer.Option(metavar="N", min=1, max=400, help="So many days, today included (UTC).")] = 7,
    user: Annotated[str | None, typer.Option(metavar="SUB", help="This user alone.", show_default=False)] = None,
    chat: Annotated[str | None, typer.Option(metavar="ID", help="This chat alone.", show_default=False)] = None,
    table: StreamsTable = None,
    port: Port = None,
) -> None:
    """Print what the streams of a stack have used: cost by hour and weekday, by tier, architecture and model, the users
    and chats that cost most, the share of errors, and thumbs. Costs are those of the models.

    The stack is the running sandbox, or the deployed stack whose table you name with --table.

    \b
    Examples:
      streamways usage
      streamways usage --days 30 --json | jq .by.user
      streamways usage --chat chat-1
      AWS_PROFILE=operator streamways usage --table core-streams-0a1b2c3
    """
    from streamways.cli.usage import print_usage

    print_usage(as_json=json, days=days, user=user, chat=chat, table=table, port=port)
