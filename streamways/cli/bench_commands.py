"""`streamways bench`: measures the figures that the documentation states again, on this machine."""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from streamways.bench.table import Row
from streamways.cli.options import Json, NewPort, Save

app = typer.Typer(rich_markup_mode=None, help="Measure the figures of the documentation again, on this machine.")


@app.command(short_help="Measure the start and the memory of a sandbox.")
def startup(json: Json = False, port: NewPort = None, save: Save = None) -> None:
    """Measure the time until a sandbox is ready and the memory of all its processes.

    \b
    Examples:
      streamways bench startup
      streamways bench startup --json
    """
    from streamways.bench.startup import measure_startup
    from streamways.bench.table import print_rows

    rows = measure_startup(port)
    print_rows(rows, as_json=json)
    _keep("startup", rows, save)


@app.command(short_help="Measure the first token of each architecture.")
def stream(json: Json = False, port: NewPort = None, save: Save = None) -> None:
    """Measure how late the first token arrives on each architecture, and whether every token arrives.

    All architectures stream at once, and the emulated model writes 100 tokens a second.

    \b
    Examples:
      streamways bench stream
      streamways bench stream --json
    """
    from streamways.bench.stream import measure_streams
    from streamways.bench.table import print_rows

    rows = measure_streams(port)
    print_rows(rows, as_json=json)
    _keep("stream", rows, save)
    if not all(row["complete"] for row in rows):
        raise typer.Exit(1)


@app.command(short_help="Measure the Lambda packages.")
def package(json: Json = False, save: Save = None) -> None:
    """Measure the size of each Lambda package and its import time in a cold interpreter.

    \b
    Examples:
      streamways bench package
      streamways bench package --json
    """
    from streamways.bench.package import measure_packages
    from streamways.bench.table import print_rows

    rows = measure_packages()
    print_rows(rows, as_json=json)
    _keep("package", rows, save)


@app.command(short_help="Measure the lag of the workers behind the model.")
def lag(
    json: Json = False,
    write: Annotated[bool, typer.Option("--write", help="Also write the figures to docs/measurements.md.")] = False,
    save: Save = None,
) -> None:
    """Measure how far the workers are behind the model, at 50 to 500 tokens a second.

    One delivery takes 8, 25, 80 or 250 ms. The command also counts the messages and the DynamoDB requests of a stream,
    and measures the memory of a worker. It takes about four minutes.

    \b
    Examples:
      streamways bench lag
      streamways bench lag --json
      streamways bench lag --write
    """
    from streamways.bench.lag.measure import measure
    from streamways.bench.lag.page import write_page
    from streamways.bench.lag.rows import print_measured, stream_rows
    from streamways.target.launch import interruptible

    with interruptible():
        measured = measure(progress=lambda step: typer.echo(step, err=True))
    if write:
        write_page(measured)
    print_measured(measured, as_json=json)
    _keep("lag", stream_rows(measured), save)
    if not all(stream.met for stream in measured.streams):
        raise typer.Exit(1)


@app.command(short_help="DynamoDB's units for an answer.")
def capacity(
    json: Json = False,
    tokens: Annotated[int, typer.Option(min=1, help="Length of the answer.")] = 1200,
    tokens_per_second: Annotated[float, typer.Option(min=1, help="Pace of the model.")] = 60,
    save: Save = None,
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
    from streamways.target.launch import interruptible

    with interruptible():
        rows = measure_capacity(tokens, tokens_per_second)
    print_rows(rows, as_json=json)
    _keep("capacity", rows, save)


@app.command(short_help="How much of an answer its function waits.")
def waiting(
    json: Json = False,
    tokens: Annotated[int, typer.Option(min=1, help="Length of the answer.")] = 300,
    tokens_per_second: Annotated[float, typer.Option(min=1, help="Pace of the model.")] = 60,
    save: Save = None,
) -> None:
    """Measure how long the function that generates works on a processor, and how long it waits for the model.

    The figures are medians of five answers after a warm-up, of functions in processes of their own. It takes about a
    minute and a half.

    \b
    Examples:
      streamways bench waiting
      streamways bench waiting --tokens 1200 --json
    """
    from streamways.bench.table import print_rows
    from streamways.bench.waiting import measure_waiting
    from streamways.target.launch import interruptible

    with interruptible():
        rows = measure_waiting(tokens, tokens_per_second)
    print_rows(rows, as_json=json)
    _keep("waiting", rows, save)


def _keep(what: str, rows: Sequence[Row], folder: Path | None) -> None:
    if folder is not None:
        from streamways.cli.saving import keep

        keep(folder, f"bench {what}", {"rows": rows}, None)
