"""`streamways demo`, which `make demo` runs: from nothing to three streams side by side, and up until Ctrl-C."""

import asyncio

from rich.console import Console
from rich.padding import Padding
from rich.text import Text

from streamways.cli.ask import exit_code, race_side_by_side
from streamways.cli.control import Control
from streamways.cli.launch import Launched, StartOptions, interruptible
from streamways.cli.listing import lines
from streamways.cli.results import print_results
from streamways.cli.run import Outcome
from streamways.cli.stack import DEFAULT_TIER, Stack, sandbox_outputs
from streamways.cli.starting import INDENT, start_visibly

PROMPT = "How do the three architectures stream an answer, and what happens when the client hangs up?"


def run_demo(prompt: str | None, options: StartOptions) -> int:
    """Runs the demo; 0 once every stream finished well, also when a signal ended it after that. Raises CommandError."""
    console = Console(highlight=False)
    console.print("[bold]streamways[/]: three serverless ways to stream an LLM answer, side by side.")
    console.print("Everything runs on this machine. No AWS account is touched, and nothing is paid.\n")
    outcomes: list[Outcome] = []
    with interruptible():
        try:
            console.print("[bold]1. Deploy[/] the Pulumi program, unmodified, into a sandbox that stands for AWS")
            launched = start_visibly(options, attached=True, console=console)
            try:
                outcomes = _race(prompt or PROMPT, launched, console)
                _what_next(launched, console)
                launched.wait()
                console.print("The sandbox has ended.")
            finally:
                launched.stop()
        except KeyboardInterrupt:
            console.print("\nStopped: the sandbox and everything it started have ended.")
    return exit_code(outcomes)


def _race(prompt: str, launched: Launched, console: Console) -> list[Outcome]:
    token = Control.of(launched.state).token(DEFAULT_TIER)
    stack = Stack(sandbox_outputs(launched.state), token, emulated=True)
    console.print("\n[bold]2. Ask[/], as a signed-in demo user, over every architecture at the same time")
    console.print(Padding(Text(f"“{prompt}”"), (0, 0, 0, len(INDENT))))
    console.print(f"{INDENT}[dim]The model is emulated: it answers from this project's own documentation.[/]\n")
    outcomes = asyncio.run(race_side_by_side(stack, prompt, console))
    console.print("\n[bold]3. Compare[/]\n")
    print_results(console, outcomes, emulated=True)
    return outcomes


def _what_next(launched: Launched, console: Console) -> None:
    console.print("\n[bold]The stack's outputs[/]\n")
    console.print(lines(sandbox_outputs(launched.state).to_json()), markup=False, soft_wrap=True)
    console.print("\n[bold]Try next[/], in another terminal in this folder\n")
    for command in (
        ". .venv/bin/activate",
        'streamways race "Why is a hang-up not a cancel?"',
        'streamways ask "What is the outbox?" --on websocket',
        "streamways users",
        "streamways logs -f",
        "streamways --help",
    ):
        console.print(INDENT + command, markup=False, soft_wrap=True)
    console.print("\nEdit a file in handlers/: the next request runs the new code.")
    console.print("[bold]Running until Ctrl-C.[/]")
