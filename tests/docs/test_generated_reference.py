"""The pages of the reference that are read from the code are as the code is, and lack nothing."""

from pathlib import Path

import pytest
import typer
from typer.core import TyperGroup

from shared.contract.parts import PartType
from streamways.cli.app import app
from streamways.reference.page import PAGES, written
from tests.docs.pages import page


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.stem)
def test_a_page_of_the_reference_is_as_the_code_is(path: Path) -> None:
    """Write them again with `python -m streamways.reference.page`."""
    assert written(path) == path.read_text(encoding="utf-8")


def options(group: TyperGroup, name: str = "streamways") -> dict[str, list[str]]:
    """The options of each command by its whole name."""
    found: dict[str, list[str]] = {}
    for key, command in group.commands.items():
        whole = f"{name} {key}"
        if isinstance(command, TyperGroup):
            found |= options(command, whole)
        else:
            found[whole] = [option for each in command.params for option in each.opts if option.startswith("-")]
    return found


def test_every_command_is_there_with_each_of_its_options() -> None:
    root = typer.main.get_command(app)
    assert isinstance(root, TyperGroup)
    told = dict(part.partition("\n\n")[::2] for part in page("docs/reference/commands.md").text.split("\n## ")[1:])
    assert set(told) == set(options(root))
    for name, each in options(root).items():
        assert [option for option in each if f"`{option}" not in told[name]] == [], name


def test_every_part_of_a_stream_stands_in_the_protocol() -> None:
    named = [cell for row in page("docs/protocol.md").table_after("Parts of an answer") for cell in row]
    named += [cell for row in page("docs/protocol.md").table_after("Terminal part") for cell in row]
    named += [cell for row in page("docs/protocol.md").table_after("Parts of a tool") for cell in row]
    assert [part.value for part in PartType if not any(f"`{part.value}`" in cell for cell in named)] == []
