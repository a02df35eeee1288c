"""`streamways`: the commands, their help, and their exit codes: 0 success, 1 failure, 2 a wrong call."""

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from shared.contract.tiers import Tier
from streamways.cli import bench_commands, preview_commands, sandbox_commands
from streamways.cli.options import (
    Config,
    FirstTokenMs,
    Json,
    NewPort,
    OutputsFile,
    Port,
    Prompt,
    Save,
    TimeScale,
    Tls,
    TokensPerSecond,
    Warm,
    on_option,
    one_of_them,
)
from streamways.clients.client import ARCHITECTURES
from streamways.errors import CommandError, Misuse

INTERRUPTED = 130
"""Exit code of a command that Ctrl-C ended, as shells have it."""

app = typer.Typer(
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
    help="Compare three serverless ways to stream an LLM answer on AWS, in a sandbox or in a deployed stack.",
)
app.add_typer(sandbox_commands.app, name="sandbox")
app.add_typer(bench_commands.app, name="bench")
app.add_typer(preview_commands.app, name="preview")


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
) -> None:
    """Start a sandbox, stream one prompt over all architectures at once, and print a table that compares them.

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
    raise typer.Exit(run_demo(prompt, options))


@app.command(short_help="Stream one prompt over all architectures at once.")
def race(prompt: Prompt, json: Json = False, outputs: OutputsFile = None, port: Port = None, save: Save = None) -> None:
    """Stream one prompt over all architectures of a stack at once, and print a table that compares them.

    The stack is the running sandbox, or the deployed stack whose outputs you name with --outputs.

    \b
    Examples:
      streamways race "Why is a hang-up not a cancel?"
      streamways race "What is the outbox?" --json | jq 'select(.event == "summary")'
      STREAMWAYS_TOKEN=… streamways race "What is the outbox?" --outputs outputs.json --save results
    """
    from streamways.cli.ask import race as run

    raise typer.Exit(run(prompt, as_json=json, outputs_file=outputs, port=port, folder=save))


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


@app.command(short_help="Print an access token of a demo user.")
def token(
    tier: Annotated[Tier, typer.Option("--as", help="The tier of the demo user.")] = Tier.ENTERPRISE,
    port: Port = None,
) -> None:
    """Print an access token of a demo user of the running sandbox, and nothing else.

    A client sends it as `Authorization: Bearer <token>`.

    \b
    Examples:
      streamways token --as pro
      curl -N -H "Authorization: Bearer $(streamways token)" …
    """
    from streamways.target.control import Control
    from streamways.target.stack import running_sandbox, with_demo_users

    print(Control.of(with_demo_users(running_sandbox(port))).token(tier))


@app.command(short_help="Print the demo users and their passwords.")
def users(json: Json = False, port: Port = None) -> None:
    """Print the demo users of the running sandbox, their passwords, and the outputs that a client signs in with.

    \b
    Examples:
      streamways users
      streamways users --json | jq '.users[] | select(.tier == "pro")'
    """
    from streamways.cli.listing import print_users
    from streamways.target.stack import running_sandbox, with_demo_users

    print_users(with_demo_users(running_sandbox(port)), as_json=json)


@app.command(short_help="Print the stack outputs of the sandbox.")
def outputs(json: Json = False, port: Port = None) -> None:
    """Print the stack outputs of the running sandbox: URLs, the user pool and the region.

    \b
    Examples:
      streamways outputs
      streamways outputs --json > outputs.json
    """
    from streamways.cli.listing import print_outputs
    from streamways.target.stack import running_sandbox, sandbox_outputs

    print_outputs(sandbox_outputs(running_sandbox(port)), as_json=json)


@app.command(short_help="Print the logs of the functions.")
def logs(
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Keep printing new lines until Ctrl-C.")] = False,
    port: Port = None,
) -> None:
    """Print the log lines of all functions in the running sandbox, ordered by time.

    \b
    Examples:
      streamways logs
      streamways logs -f
    """
    from streamways.cli.logs import print_logs
    from streamways.target.stack import running_sandbox

    print_logs(running_sandbox(port), follow=follow)


@app.command(short_help="Copy one architecture into a project of its own.")
def copy(
    architecture: Annotated[
        str | None,
        typer.Argument(
            metavar=f"<{'|'.join(ARCHITECTURES)}>",
            callback=one_of_them,
            help="The architecture.",
            show_default=False,
        ),
    ] = None,
    dest: Annotated[
        Path | None, typer.Argument(metavar="DEST", help="The folder to write. It must be new.", show_default=False)
    ] = None,
    package: Annotated[
        str | None,
        typer.Option(
            metavar="NAME", help="The Python package of the project. Without it: the folder's name.", show_default=False
        ),
    ] = None,
    diff: Annotated[
        Path | None,
        typer.Option(
            metavar="DEST",
            help="Print what changed since DEST was copied, and copy nothing. The exit code is 1 if anything did.",
            show_default=False,
        ),
    ] = None,
) -> None:
    """Copy one architecture into a project of its own: its component, its handlers, what they import, and their tests.

    The project has its own Python package, its own lock, an example program, and a page of IAM statements. It needs
    nothing of this repository.

    \b
    Examples:
      streamways copy websocket ../theirs
      streamways copy function-url ../chat --package chat_stream
      streamways copy --diff ../theirs
    """
    from streamways.cli.copying import copy as run
    from streamways.cli.copying import print_changes

    if diff is not None:
        if architecture or package:
            raise Misuse("--diff takes the architecture and the package from the project; name neither")
        raise typer.Exit(int(print_changes(diff)))
    if architecture is None or dest is None:
        raise Misuse("copy needs an architecture and a folder, e.g. streamways copy websocket ../theirs")
    run(architecture, dest, package)


def run(arguments: Sequence[str]) -> int:
    """Runs one command, or shows the help; returns the exit code. An error is one line on standard error."""
    try:
        result: object = app(args=list(arguments) or ["--help"], prog_name="streamways", standalone_mode=False)
    except CommandError as error:
        _complain(str(error))
        return error.exit_code
    except typer.TyperException as error:
        context: typer.Context | None = getattr(error, "ctx", None)
        command = context.command_path if context else "streamways"
        message = error.format_message().replace("Value error, ", "").rstrip(".")
        _complain(f"{message}. See: {command} --help")
        return error.exit_code
    except KeyboardInterrupt:
        return INTERRUPTED
    return result if isinstance(result, int) else 0


def _complain(message: str) -> None:
    print(f"streamways: {' '.join(message.split())}", file=sys.stderr)


def main() -> None:
    """The `streamways` program."""
    sys.exit(run(sys.argv[1:]))
