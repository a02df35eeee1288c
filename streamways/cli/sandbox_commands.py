"""`streamways sandbox`: start, stop and look at sandboxes."""

import typer

from streamways.cli.errors import CommandError
from streamways.cli.options import Config, FirstTokenMs, Json, Port, TimeScale, Tls, TokensPerSecond, Warm

app = typer.Typer(rich_markup_mode=None, help="Start, stop and look at the sandboxes on this machine.")


@app.command(short_help="Start one in the background.")
def start(
    port: Port = None,
    config: Config = None,
    first_token_ms: FirstTokenMs = None,
    tokens_per_second: TokensPerSecond = None,
    warm: Warm = None,
    time_scale: TimeScale = None,
    tls: Tls = False,
) -> None:
    """Start a sandbox in the background; returns when it is ready.

    \b
    Examples:
      streamways sandbox start
      streamways sandbox start --port 9200 -c architectures='["websocket"]' -c maxOutputTokens=200
      streamways sandbox start --tls --time-scale 0.01
    """
    from streamways.cli.launch import StartOptions
    from streamways.cli.sandboxes import start_detached

    start_detached(StartOptions(port, config or (), first_token_ms, tokens_per_second, warm, time_scale, tls))


@app.command(short_help="Stop the one that runs.")
def stop(port: Port = None) -> None:
    """Stop the running sandbox; returns when nothing of it is left.

    \b
    Examples:
      streamways sandbox stop
      streamways sandbox stop --port 9200
    """
    from streamways.cli.sandboxes import stop_running

    stop_running(port)


@app.command(short_help="List those that run.")
def status(json: Json = False) -> None:
    """List the sandboxes that run; exit code 1 if none does.

    \b
    Examples:
      streamways sandbox status
      streamways sandbox status --json
    """
    from streamways.cli.sandboxes import print_status

    if not print_status(as_json=json):
        raise CommandError("no sandbox runs; start one with: streamways sandbox start")
