"""The commands that stream answers: `demo`, `race`, `ask` and `check`."""

from typing import Annotated

import typer

from streamways.cli.options import (
    Config,
    FirstTokenMs,
    Json,
    NewPort,
    OutputsFile,
    Port,
    Prompt,
    Runs,
    Save,
    Svg,
    TimeScale,
    Tls,
    TokensPerSecond,
    Warm,
    on_option,
)

app = typer.Typer(rich_markup_mode=None)


@app.command(short_help="Start a sandbox and compare the three architectures in it.")
def demo(
    prompt: Annotated[
        str | None,
        typer.Argument(metavar="PROMPT", help="The prompt. Without it the demo asks its own.", show_default=False),
    ] = None,
    port: NewPort = None,
    config: Config = None,
    first_token_ms: FirstTokenMs = None,
    tokens_per_second: TokensPerSecond = None,
    warm: Warm = None,
    time_scale: TimeScale = None,
    tls: Tls = False,
    svg: Svg = None,
) -> None:
    """Start a sandbox, race all architectures, then cut a connection, resume the answer elsewhere, and stop it.

    The race is a warm-up and three runs of one prompt over all architectures at once; a table compares their medians.
    The sandbox runs until you press Ctrl-C. It needs no AWS account.

    \b
    Examples:
      streamways demo
      streamways demo "What is a heartbeat?" --tokens-per-second 20
      streamways demo -c architectures='["websocket"]'
    """
    from streamways.cli.demo import run_demo
    from streamways.target.launch import StartOptions

    options = StartOptions(port, config or (), first_token_ms, tokens_per_second, warm, time_scale, tls)
    raise typer.Exit(run_demo(prompt, options, svg))


@app.command(short_help="Stream one prompt over all architectures at once.")
def race(
    prompt: Prompt,
    runs: Runs = None,
    json: Json = False,
    outputs: OutputsFile = None,
    port: Port = None,
    save: Save = None,
    svg: Svg = None,
) -> None:
    """Stream one prompt over all architectures of a stack at once, and print a table that compares them.

    The stack is the running sandbox, or the deployed stack whose outputs you name with --outputs.

    \b
    Examples:
      streamways race "Why is a hang-up not a cancel?"
      streamways race "Why is a hang-up not a cancel?" --runs 5 --svg race.svg
      streamways race "What is the outbox?" --json | jq 'select(.event == "summary")'
      STREAMWAYS_TOKEN=… streamways race "What is the outbox?" --outputs outputs.json --save results
    """
    from streamways.cli.race import race as run

    code = run(prompt, runs=runs, as_json=json, outputs_file=outputs, port=port, folder=save, svg=svg)
    raise typer.Exit(code)


@app.command(short_help="Stream one prompt over one architecture.")
def ask(
    prompt: Prompt,
    on: Annotated[str | None, on_option("The architecture. Without it: the first one of the stack.")] = None,
    json: Json = False,
    outputs: OutputsFile = None,
    port: Port = None,
) -> None:
    """Stream one prompt over one architecture. Standard output gets the answer, standard error its figures.

    \b
    Examples:
      streamways ask "What does the outbox do?" --on websocket
      streamways ask "What is a lease?" --json
    """
    from streamways.cli.ask import ask as run

    raise typer.Exit(run(prompt, architecture=on, as_json=json, outputs_file=outputs, port=port))


@app.command(short_help="Test a stack against the stream protocol.")
def check(
    cases: Annotated[
        list[str] | None,
        typer.Argument(metavar="[CASE]...", help="Names of cases. Without them: all cases.", show_default=False),
    ] = None,
    on: Annotated[str | None, on_option("One architecture. Without it: all of the stack.")] = None,
    names: Annotated[bool, typer.Option("--list", help="List the cases and run none.")] = False,
    json: Json = False,
    outputs: OutputsFile = None,
    port: Port = None,
    save: Save = None,
) -> None:
    """Test a stack against the stream protocol, case by case: order, resume, cancel, starts, chats, faults.

    The stack is the running sandbox, or the deployed stack whose outputs you name with --outputs. Cases that kill a
    worker or lose a message run in a sandbox only.

    A deployed stack needs the access token of a user in STREAMWAYS_TOKEN, and one whose users sign (identityPoolId is
    among its outputs) their ID token in STREAMWAYS_ID_TOKEN. Cases with two users also need the token of
    another user in STREAMWAYS_SECOND_TOKEN. A stack that shares a user pool should also be given the token of another
    client of that pool, in STREAMWAYS_OTHER_CLIENT_TOKEN, which it must refuse.

    \b
    Examples:
      streamways check
      streamways check cancel resume-across --on websocket
      streamways check --list
      STREAMWAYS_TOKEN=… STREAMWAYS_SECOND_TOKEN=… streamways check --outputs outputs.json --save results
    """
    from streamways.cli.check import check as run
    from streamways.cli.check import print_cases

    if names:
        print_cases()
        return
    raise typer.Exit(run(cases or (), architecture=on, as_json=json, outputs_file=outputs, port=port, folder=save))
