"""`streamways sandbox`: start, stop and list sandboxes."""

import typer

from streamways.cli.options import (
    Config,
    FirstTokenMs,
    Json,
    NewPort,
    Port,
    Provider,
    TimeScale,
    Tls,
    TokensPerSecond,
    Warm,
)
from streamways.errors import CommandError

app = typer.Typer(rich_markup_mode=None, help="Start, stop and list the sandboxes on this machine.")


@app.command(short_help="Start a sandbox in the background.")
def start(
    port: NewPort = None,
    config: Config = None,
    first_token_ms: FirstTokenMs = None,
    tokens_per_second: TokensPerSecond = None,
    warm: Warm = None,
    time_scale: TimeScale = None,
    tls: Tls = False,
    provider: Provider = False,
) -> None:
    """Start a sandbox in the background. The command returns when the sandbox is ready.

    \b
    Examples:
      streamways sandbox start
      streamways sandbox start --port 9200 -c architectures='["websocket"]' -c maxOutputTokens=200
      streamways sandbox start --tls --time-scale 0.01
      streamways sandbox start --provider
    """
    from streamways.cli.sandboxes import start_detached
    from streamways.target.launch import StartOptions

    options = StartOptions(port, config or (), first_token_ms, tokens_per_second, warm, time_scale, tls, provider)
    start_detached(options)


@app.command(short_help="Stop the running sandbox.")
def stop(port: Port = None) -> None:
    """Stop the running sandbox. The command returns when all its processes have ended.

    \b
    Examples:
      streamways sandbox stop
      streamways sandbox stop --port 9200
    """
    from streamways.cli.sandboxes import stop_running

    stop_running(port)


@app.command(short_help="List the running sandboxes.")
def status(json: Json = False) -> None:
    """List the running sandboxes. The exit code is 1 if no sandbox runs.

    \b
    Examples:
      streamways sandbox status
      streamways sandbox status --json
    """
    from streamways.cli.sandboxes import print_status

    if not print_status(as_json=json):
        raise CommandError("no sandbox runs; start one with: streamways sandbox start")
