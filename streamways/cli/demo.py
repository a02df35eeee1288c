"""`streamways demo`, which `make demo` runs: starts a sandbox, plays two acts in it, and waits."""

import asyncio
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from rich.console import Console, RenderableType
from rich.text import Text

from sandbox.state import State
from shared.contract.tiers import Tier
from streamways.cli.ask import exit_code
from streamways.cli.listing import lines
from streamways.cli.picture import write_picture
from streamways.cli.race import console_views
from streamways.cli.results_table import results
from streamways.cli.second_act import play_second_act
from streamways.cli.side_by_side import Columns
from streamways.cli.starting import INDENT, start_visibly
from streamways.errors import CommandError
from streamways.target.control import Control
from streamways.target.launch import Launched, StartOptions, interruptible
from streamways.target.page import built_page
from streamways.target.races import run_races
from streamways.target.stack import sandbox_outputs, sandbox_stack

PROMPT: Final = "How do the three architectures stream an answer?"
RUNS: Final = 3
"""Runs of the first act: as many as are over within twenty seconds."""
RACE: Final = "[bold]2. Race[/]: a signed-in user sends one prompt over all architectures at once"
CUT: Final = "[bold]3. Cut, resume, stop[/]: the same answer, and what a lost connection does to it"


def run_demo(prompt: str | None, options: StartOptions, svg: Path | None) -> int:
    """Runs the demo; 0 once all went well, also when a signal ended it after that. Raises CommandError.

    With the name of an SVG what is seen of both acts goes there.
    """
    console = Console(highlight=False)
    console.print("[bold]streamways[/] compares three serverless ways to stream an LLM answer on AWS.")
    console.print("Everything runs on this machine. The demo uses no AWS account and costs nothing.\n")
    code = 1
    with interruptible():
        try:
            console.print("[bold]1. Deploy[/]: the sandbox takes the place of AWS and runs the same Pulumi program")
            launched = start_visibly(options, attached=True, console=console)
            try:
                code = play(prompt or PROMPT, launched.state, console, svg)
                _show_page(launched, console)
                _what_next(launched, console)
                launched.wait()
                console.print("The sandbox has ended.")
            finally:
                launched.stop()
        except KeyboardInterrupt:
            console.print("\nThe sandbox and all its processes have ended.")
    return code


def play(prompt: str, running: State, console: Console, svg: Path | None) -> int:
    """Plays the two acts in a sandbox; 0 if every stream finished well and nothing was refused or lost."""
    stack = sandbox_stack(running)
    opening: list[RenderableType] = [
        Text.from_markup(RACE),
        Text(f"{INDENT}“{prompt}”"),
        Text(f"{INDENT}The model is emulated. It quotes this project's documentation.\n", style="dim"),
    ]
    console.print("", *opening, sep="\n")
    raced = asyncio.run(run_races(stack, prompt, console_views(stack, console, RUNS), runs=RUNS))
    compared = results(raced, emulated=True)
    console.print("", compared, sep="\n")
    finished = next((outcome for outcome in raced.outcomes if outcome.problem is None), None)
    if finished is None:
        return 1
    console.print("", CUT, "", sep="\n")
    act = play_second_act(stack, Control.of(running), finished, prompt, console)
    if svg is not None:
        _draw(svg, [*opening, Columns.ended_with(raced.runs[0]), "", compared, "", CUT, "", act.view, "", act.told])
    return exit_code(raced.outcomes) if act.well else 1


def _draw(svg: Path, shown: Sequence[RenderableType]) -> None:
    """A picture that cannot be written does not end the demo."""
    try:
        write_picture(svg, "streamways demo", *shown)
    except CommandError as error:
        print(f"streamways: {error}", file=sys.stderr)


def _show_page(launched: Launched, console: Console) -> None:
    with console.status("building the web page: the first time takes up to a minute"):
        page = built_page(launched.state)
    if page is None:
        return
    if page.problem is not None:
        console.print(f"\n{INDENT}There is no web page: {page.problem}", markup=False, soft_wrap=True)
        return
    console.print("\n[bold]4. Look[/]: chat, race and cut connections on the web page\n")
    console.print(INDENT + page.address, markup=False, soft_wrap=True)
    user = next((user for user in launched.state.users if user.tier == Tier.PRO), None)
    if user is not None:
        console.print(f"{INDENT}user {user.username}   password {user.password}", markup=False, soft_wrap=True)


def _what_next(launched: Launched, console: Console) -> None:
    console.print("\n[bold]Stack outputs[/]: the addresses that clients use\n")
    console.print(lines(sandbox_outputs(launched.state).to_json()), markup=False, soft_wrap=True)
    console.print("\n[bold]Try next[/]: open a second terminal in this folder and run\n")
    for command in (
        ". .venv/bin/activate",
        'streamways race "Why is a hang-up not a cancel?"',
        'streamways ask "What is the outbox?" --on websocket',
        "streamways users",
        "streamways logs -f",
        "streamways --help",
    ):
        console.print(INDENT + command, markup=False, soft_wrap=True)
    console.print("\nEdit a file in handlers/ or shared/: the next request runs the new code.")
    console.print("[bold]The sandbox runs until you press Ctrl-C.[/]")
