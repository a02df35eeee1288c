"""`streamways demo`, which `make demo` runs: starts a sandbox, streams one prompt over all architectures, and waits."""

import asyncio

from rich.console import Console
from rich.padding import Padding
from rich.text import Text

from shared.contract.tiers import Tier
from streamways.cli.ask import exit_code, race_side_by_side
from streamways.cli.listing import lines
from streamways.cli.results_table import print_results
from streamways.cli.starting import INDENT, start_visibly
from streamways.target.launch import Launched, StartOptions, interruptible
from streamways.target.page import built_page
from streamways.target.stack import sandbox_outputs, sandbox_stack
from streamways.target.streams import Outcome

PROMPT = "How do the three architectures stream an answer, and what happens when the client hangs up?"


def run_demo(prompt: str | None, options: StartOptions) -> int:
    """Runs the demo; 0 once every stream finished well, also when a signal ended it after that. Raises CommandError."""
    console = Console(highlight=False)
    console.print("[bold]streamways[/] compares three serverless ways to stream an LLM answer on AWS.")
    console.print("Everything runs on this machine. The demo uses no AWS account and costs nothing.\n")
    outcomes: list[Outcome] = []
    with interruptible():
        try:
            console.print("[bold]1. Deploy[/]: the sandbox takes the place of AWS and runs the same Pulumi program")
            launched = start_visibly(options, attached=True, console=console)
            try:
                outcomes = _race(prompt or PROMPT, launched, console)
                _show_page(launched, console)
                _what_next(launched, console)
                launched.wait()
                console.print("The sandbox has ended.")
            finally:
                launched.stop()
        except KeyboardInterrupt:
            console.print("\nThe sandbox and all its processes have ended.")
    return exit_code(outcomes)


def _race(prompt: str, launched: Launched, console: Console) -> list[Outcome]:
    stack = sandbox_stack(launched.state)
    console.print("\n[bold]2. Ask[/]: a signed-in user sends one prompt over all architectures at once")
    console.print(Padding(Text(f"“{prompt}”"), (0, 0, 0, len(INDENT))))
    console.print(f"{INDENT}[dim]The model is emulated. It answers with passages of this project's documentation.[/]\n")
    outcomes = asyncio.run(race_side_by_side(stack, prompt, console))
    console.print("\n[bold]3. Compare[/]: one row for each architecture\n")
    print_results(console, outcomes, emulated=True)
    return outcomes


def _show_page(launched: Launched, console: Console) -> None:
    with console.status("building the web page: the first time takes up to a minute"):
        page = built_page(launched.state)
    if page is None:
        return
    if page.problem is not None:
        console.print(f"\n{INDENT}There is no web page: {page.problem}", markup=False, soft_wrap=True)
        return
    console.print("\n[bold]4. Look[/]: open the web page, chat over each architecture, race them, and break them\n")
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
