"""`streamways`: the commands, their help, and their exit codes: 0 it worked, 1 it did not, 2 it was called wrongly."""

import sys
from collections.abc import Sequence
from typing import Annotated

import typer

from shared.contract.tiers import Tier
from streamways.cli import bench_commands, sandbox_commands
from streamways.cli.errors import CommandError
from streamways.cli.options import (
    Config,
    FirstTokenMs,
    Json,
    OutputsFile,
    Port,
    Prompt,
    TimeScale,
    Tls,
    TokensPerSecond,
    Warm,
    on_option,
)

INTERRUPTED = 130
"""Exit code of a command that Ctrl-C ended, as shells have it."""

app = typer.Typer(
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
    help="Three serverless ways to stream an LLM answer on AWS, side by side, in a sandbox that needs no AWS account.",
)
app.add_typer(sandbox_commands.app, name="sandbox")
app.add_typer(bench_commands.app, name="bench")


@app.command(short_help="See the three stream, on this machine alone.")
def demo(
    prompt: Annotated[
        str | None, typer.Argument(metavar="PROMPT", help="What to ask; has a default.", show_default=False)
    ] = None,
    port: Port = None,
    config: Config = None,
    first_token_ms: FirstTokenMs = None,
    tokens_per_second: TokensPerSecond = None,
    warm: Warm = None,
    time_scale: TimeScale = None,
    tls: Tls = False,
) -> None:
    """Start a sandbox, stream one prompt over all architectures at once, compare them; stays up until Ctrl-C.

    \b
    Examples:
      streamways demo
      streamways demo "What is a pulse?" --tokens-per-second 20
      streamways demo -c architectures='["websocket"]'
    """
    from streamways.cli.demo import run_demo
    from streamways.cli.launch import StartOptions

    options = StartOptions(port, config or (), first_token_ms, tokens_per_second, warm, time_scale, tls)
    raise typer.Exit(run_demo(prompt, options))


@app.command(short_help="One prompt over all architectures at once.")
def race(prompt: Prompt, json: Json = False, outputs: OutputsFile = None, port: Port = None) -> None:
    """Stream one prompt over all architectures of a stack at once, side by side.

    \b
    Examples:
      streamways race "Why is a hang-up not a cancel?"
      streamways race "Say hello" --json | jq 'select(.event == "summary")'
      STREAMWAYS_TOKEN=… streamways race "Say hello" --outputs outputs.json
    """
    from streamways.cli.ask import race as run

    raise typer.Exit(run(prompt, as_json=json, outputs_file=outputs, port=port))


@app.command(short_help="One prompt over one architecture.")
def ask(
    prompt: Prompt,
    on: Annotated[str | None, on_option("The architecture to use; without it the stack's first.")] = None,
    json: Json = False,
    outputs: OutputsFile = None,
    port: Port = None,
) -> None:
    """Stream the answer to one prompt over one architecture.

    \b
    Examples:
      streamways ask "What does the outbox do?" --on websocket
      streamways ask "Say hello" --json
    """
    from streamways.cli.ask import ask as run

    raise typer.Exit(run(prompt, architecture=on, as_json=json, outputs_file=outputs, port=port))


@app.command(short_help="Whether a stack keeps what every stream promises.")
def check(
    cases: Annotated[
        list[str] | None, typer.Argument(metavar="[CASE]...", help="Which; all unless given.", show_default=False)
    ] = None,
    on: Annotated[str | None, on_option("One architecture alone; without it all of the stack's.")] = None,
    names: Annotated[bool, typer.Option("--list", help="Show the names of all cases, and run none.")] = False,
    json: Json = False,
    outputs: OutputsFile = None,
    port: Port = None,
) -> None:
    """Check a stack against the contract of streams: order, resume, cancel, exactly-once starts, faults and more.

    Some cases do harm on purpose (kill a worker, lose a message): they need the sandbox, and are not run elsewhere.

    \b
    Examples:
      streamways check
      streamways check cancel resume-across --on websocket
      streamways check --list
      STREAMWAYS_TOKEN=… STREAMWAYS_SECOND_TOKEN=… streamways check --outputs outputs.json
    """
    from streamways.cli.check import check as run
    from streamways.cli.check import print_cases

    if names:
        print_cases()
        return
    raise typer.Exit(run(cases or (), architecture=on, as_json=json, outputs_file=outputs, port=port))


@app.command(short_help="An access token of a demo user.")
def token(
    tier: Annotated[Tier, typer.Option("--as", help="Whose: the demo user of this tier.")] = Tier.FREE,
    port: Port = None,
) -> None:
    """Print an access token of a demo user of the running sandbox, and nothing else.

    \b
    Examples:
      streamways token --as pro
      curl -N -H "Authorization: Bearer $(streamways token)" …
    """
    from streamways.cli.control import Control
    from streamways.cli.stack import running_sandbox

    print(Control.of(running_sandbox(port)).token(tier))


@app.command(short_help="The demo users, with their passwords.")
def users(json: Json = False, port: Port = None) -> None:
    """Print who can sign in to the running sandbox: its demo users, their passwords, and where a client signs in.

    \b
    Examples:
      streamways users
      streamways users --json | jq '.users[] | select(.tier == "pro")'
    """
    from streamways.cli.listing import print_users
    from streamways.cli.stack import running_sandbox

    print_users(running_sandbox(port), as_json=json)


@app.command(short_help="The outputs of the stack in the sandbox.")
def outputs(json: Json = False, port: Port = None) -> None:
    """Print the outputs of the stack in the running sandbox.

    \b
    Examples:
      streamways outputs
      streamways outputs --json > outputs.json
    """
    from streamways.cli.listing import print_outputs
    from streamways.cli.stack import running_sandbox, sandbox_outputs

    print_outputs(sandbox_outputs(running_sandbox(port)), as_json=json)


@app.command(short_help="What the functions wrote to their logs.")
def logs(
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Go on with what is written from now on.")] = False,
    port: Port = None,
) -> None:
    """Print what the functions of the running sandbox wrote to their log groups.

    \b
    Examples:
      streamways logs
      streamways logs -f
    """
    from streamways.cli.logs import print_logs
    from streamways.cli.stack import running_sandbox

    print_logs(running_sandbox(port), follow=follow)


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
