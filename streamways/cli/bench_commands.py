"""`streamways bench`: the figures that this project states, measured again on this machine."""

from typing import Annotated

import typer

from streamways.cli.options import Json, Port

app = typer.Typer(rich_markup_mode=None, help="Measure again what this project states, on this machine.")


@app.command(short_help="Time to ready, and memory.")
def startup(json: Json = False, port: Port = None) -> None:
    """Time until a sandbox is ready, and the memory of all its processes.

    \b
    Examples:
      streamways bench startup
      streamways bench startup --json
    """
    from streamways.bench.startup import measure_startup
    from streamways.bench.table import print_rows

    print_rows(measure_startup(port), as_json=json)


@app.command(short_help="Delivery of tokens, and lag of the first.")
def stream(json: Json = False, port: Port = None) -> None:
    """Delivery of every token, and the lag of the first, of the three together at 100 tokens/s from the model.

    \b
    Examples:
      streamways bench stream
      streamways bench stream --json
    """
    from streamways.bench.stream import measure_streams
    from streamways.bench.table import print_rows

    rows = measure_streams(port)
    print_rows(rows, as_json=json)
    if not all(row["complete"] for row in rows):
        raise typer.Exit(1)


@app.command(short_help="Sizes and cold imports of the packages.")
def package(json: Json = False) -> None:
    """Size of each Lambda package, and how long its imports take in a cold interpreter.

    \b
    Examples:
      streamways bench package
      streamways bench package --json
    """
    from streamways.bench.package import measure_packages
    from streamways.bench.table import print_rows

    print_rows(measure_packages(), as_json=json)


@app.command(short_help="Lag of the workers behind the model.")
def lag(
    json: Json = False,
    write: Annotated[bool, typer.Option("--write", help="Also write the figures into docs/measurements.md.")] = False,
) -> None:
    """Lag behind the model of real workers whose deliveries take 8, 25 and 80 ms, at 50 to 500 tokens/s.

    With the messages and the requests to DynamoDB that a stream takes, and a worker's memory. About three minutes.

    \b
    Examples:
      streamways bench lag
      streamways bench lag --json
      streamways bench lag --write
    """
    from streamways.bench.lag.measure import measure
    from streamways.bench.lag.page import write_page
    from streamways.bench.lag.rows import print_measured
    from streamways.cli.launch import interruptible

    with interruptible():
        measured = measure(progress=lambda step: typer.echo(step, err=True))
    if write:
        write_page(measured)
    print_measured(measured, as_json=json)
    if not all(stream.met for stream in measured.streams):
        raise typer.Exit(1)


@app.command(short_help="DynamoDB's units for an answer.")
def capacity(
    json: Json = False,
    tokens: Annotated[int, typer.Option(min=1, help="Length of the answer.")] = 1200,
    tokens_per_second: Annotated[float, typer.Option(min=1, help="Pace of the model.")] = 60,
) -> None:
    """Write and read units that DynamoDB would bill for one answer, by phase, over each architecture.

    The units follow AWS's rules from the items that real functions read and write. Start and end are included.

    \b
    Examples:
      streamways bench capacity
      streamways bench capacity --tokens 300 --json
    """
    from streamways.bench.capacity.measure import measure_capacity
    from streamways.bench.table import print_rows
    from streamways.cli.launch import interruptible

    with interruptible():
        rows = measure_capacity(tokens, tokens_per_second)
    print_rows(rows, as_json=json)
