"""`streamways`: its commands in one tree, and its exit codes: 0 success, 1 failure, 2 a wrong call."""

import sys
from collections.abc import Sequence

import typer

from streamways.cli import (
    bench_commands,
    copy_commands,
    credit_commands,
    preview_commands,
    sandbox_commands,
    stack_commands,
    stream_commands,
    usage_commands,
)
from streamways.errors import CommandError

INTERRUPTED = 130
"""Exit code of a command that Ctrl-C ended, as shells have it."""

app = typer.Typer(
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
    help="Compare three serverless ways to stream an LLM answer on AWS, in a sandbox or in a deployed stack.",
)
app.add_typer(stream_commands.app)
app.add_typer(stack_commands.app)
app.add_typer(usage_commands.app)
app.add_typer(copy_commands.app)
app.add_typer(sandbox_commands.app, name="sandbox")
app.add_typer(bench_commands.app, name="bench")
app.add_typer(credit_commands.app, name="credits")
app.add_typer(preview_commands.app, name="preview")


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
