"""Commands that the documentation tells a reader to type exist, with the options it gives them."""

import re
import shlex

import pytest
import typer
from typer.core import TyperGroup

from streamways.cli.app import app
from tests.docs.pages import PAGES, ROOT, Page, page

PROGRAM = "streamways"
STREAMWAYS = re.compile(r"(?:^|\$\(|\s)streamways (?=[a-z-])([^|)]*)")
MAKE = re.compile(r"(?:^|\s)make ([a-z]+)")


def commands(source: Page) -> list[str]:
    """What follows `streamways` wherever it is called, in code blocks and code spans."""
    return [call.strip() for snippet in source.snippets for call in STREAMWAYS.findall(snippet)]


def unknown(call: str) -> str | None:
    """The first word of a call that the command line does not have, or None."""
    command = typer.main.get_command(app)
    options: set[str] = set()
    for word in shlex.split(call, comments=True):
        if word.startswith("-"):
            options = {name for parameter in command.params for name in (*parameter.opts, *parameter.secondary_opts)}
            if word.partition("=")[0] not in {*options, "--help"}:
                return word
        elif isinstance(command, TyperGroup):
            if word not in command.commands:
                return word
            command = command.commands[word]
    return None


@pytest.mark.parametrize("source", PAGES, ids=lambda one: one.name)
def test_every_streamways_command_exists_with_its_options(source: Page) -> None:
    assert {call: word for call in commands(source) if (word := unknown(call))} == {}


@pytest.mark.parametrize(
    ("call", "word"),
    [("raze 'x'", "raze"), ("race 'x' --on-all", "--on-all"), ("sandbox strat", "strat")],
)
def test_a_command_that_does_not_exist_is_noticed(call: str, word: str) -> None:
    assert unknown(call) == word


def test_the_quickstart_uses_every_command() -> None:
    root = typer.main.get_command(app)
    assert isinstance(root, TyperGroup)
    used = {call.split()[0] for call in commands(page("docs/quickstart.md"))}
    assert used == {name for name, command in root.commands.items() if not command.hidden}


def test_every_make_target_exists() -> None:
    makefile = (ROOT / "Makefile").read_text()
    targets = set(re.findall(r"^([a-z]+):", makefile, re.MULTILINE))
    named = {target for source in PAGES for snippet in source.snippets for target in MAKE.findall(snippet)}
    assert {"demo", "test"} <= named <= targets


def test_the_readme_opens_with_the_two_commands() -> None:
    block = page("README.md").code("bash")[0].splitlines()
    assert [line.split("#")[0].strip() for line in block] == ["make demo", "make test"]
