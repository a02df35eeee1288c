"""Starts a sandbox and shows the progress."""

from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from streamways.target.launch import Launched, StartOptions, launch

INDENT = "   "


def start_visibly(options: StartOptions, *, attached: bool, console: Console) -> Launched:
    """Launches a sandbox and prints each step, on a terminal with a clock. Raises CommandError."""
    clock = Progress(
        TextColumn(INDENT[1:]),
        SpinnerColumn(),
        TextColumn("building packages, running the Pulumi program, starting functions"),
        TimeElapsedColumn(),
        console=console,
        transient=True,
        disable=not console.is_terminal,
    )
    with clock:
        clock.add_task("")
        launched = launch(
            options,
            attached=attached,
            progress=lambda message: console.print(INDENT + message, markup=False, soft_wrap=True),
        )
    console.print(f"{INDENT}ready in {launched.seconds:.1f} s at {launched.state.origin}")
    return launched
