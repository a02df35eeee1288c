"""The commands of the command line, with their arguments and options, in Markdown."""

from collections.abc import Iterator

import typer
from typer.core import TyperArgument, TyperCommand, TyperGroup, TyperOption

from streamways.cli.app import app
from streamways.pages import Row, table

PARAGRAPH = "\b"
"""What precedes a block of a help text that is not wrapped: the examples."""


def commands() -> str:
    """Every command: what it does, what it takes, and how it is called."""
    return "\n\n".join(_command(name, command) for name, command in _walk("streamways", _root()))


def _root() -> TyperGroup:
    root = typer.main.get_command(app)
    assert isinstance(root, TyperGroup)
    return root


def _walk(name: str, group: TyperGroup) -> Iterator[tuple[str, TyperCommand]]:
    for key, command in group.commands.items():
        if isinstance(command, TyperGroup):
            yield from _walk(f"{name} {key}", command)
        elif isinstance(command, TyperCommand) and not command.hidden:
            yield f"{name} {key}", command


def _command(name: str, command: TyperCommand) -> str:
    says, _, examples = (command.help or "").partition(PARAGRAPH)
    rows: list[Row] = [_row(each) for each in command.params if isinstance(each, TyperArgument | TyperOption)]
    lines = [line.strip() for line in examples.splitlines() if line.strip() and line.strip() != "Examples:"]
    shown = [f"```bash\n{chr(10).join(lines)}\n```"] if lines else []
    paragraphs = [" ".join(paragraph.split()) for paragraph in says.split("\n\n") if paragraph.strip()]
    told = [table(["", "what it is"], rows)] if rows else []
    return "\n\n".join([f"## {name}", *paragraphs, *told, *shown])


def _row(parameter: TyperArgument | TyperOption) -> Row:
    help_text = parameter.help or ""
    if isinstance(parameter, TyperArgument):
        return [f"`{parameter.metavar or (parameter.name or '').upper()}`".replace("|", "\\|"), help_text]
    metavar = f" {parameter.metavar}" if parameter.metavar and not parameter.is_flag else ""
    names = ", ".join(f"`{option}{metavar}`".replace("|", "\\|") for option in parameter.opts)
    variable = f" Also by `{parameter.envvar}`." if isinstance(parameter.envvar, str) else ""
    return [names, f"{help_text}{variable}"]
