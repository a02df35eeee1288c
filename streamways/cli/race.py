"""`race`: one prompt over all architectures of a stack, once or in several runs."""

import asyncio
from collections.abc import Generator
from contextlib import contextmanager, nullcontext
from pathlib import Path

from rich.console import Console

from streamways.cli.ask import check_prompt, exit_code, report_problems
from streamways.cli.figures import medians_event, saved_row
from streamways.cli.picture import as_typed, write_picture
from streamways.cli.results_table import results
from streamways.cli.saving import keep
from streamways.cli.side_by_side import Columns, fits
from streamways.cli.views import JsonLines, PlainLines, print_json
from streamways.target.races import WARMING_UP, Raced, Views, run_races
from streamways.target.stack import Stack, stack_of
from streamways.target.streams import Silent, View


def race(
    prompt: str,
    *,
    runs: int | None,
    as_json: bool,
    outputs_file: Path | None,
    port: int | None,
    folder: Path | None,
    svg: Path | None,
) -> int:
    """Streams over everything that the stack has; the exit code is 0 only if every stream finished well.

    With a folder the figures are saved there, without the prompt and the answers; with the name of an SVG what is seen
    goes there. Raises CommandError.
    """
    check_prompt(prompt)
    stack = stack_of(outputs_file, port)
    raced = _as_json(stack, prompt, runs) if as_json else _on_console(stack, prompt, runs)
    if folder is not None:
        rows = [saved_row(each) for each in raced.by_architecture.values()]
        keep(folder, "race", {"streams": rows}, None if stack.emulated else stack.outputs)
    if svg is not None:
        typed = as_typed(f'streamways race "{prompt}"' + (f" --runs {runs}" if runs else ""))
        columns, compared = Columns.ended_with(raced.runs[0]), results(raced, emulated=stack.emulated)
        write_picture(svg, "streamways race", typed, "", columns, "", compared)
    return exit_code(raced.outcomes)


def console_views(stack: Stack, console: Console, runs: int | None) -> Views:
    """Shows the first run: in columns on a terminal, else as plain lines. Of the others it says only that they run."""

    @contextmanager
    def view(number: int) -> Generator[View]:
        if number == WARMING_UP or number > 1:
            words = "warming up" if number == WARMING_UP else f"run {number} of {runs}, for the medians"
            with console.status(words):
                yield Silent()
        elif fits(console):
            with Columns(stack.outputs.architectures, console) as columns:
                yield columns
        else:
            yield PlainLines()

    return view


def _on_console(stack: Stack, prompt: str, runs: int | None) -> Raced:
    console = Console(highlight=False)
    raced = asyncio.run(run_races(stack, prompt, console_views(stack, console, runs), runs=runs))
    console.print()
    console.print(results(raced, emulated=stack.emulated))
    return raced


def _as_json(stack: Stack, prompt: str, runs: int | None) -> Raced:
    def view(number: int) -> nullcontext[View]:
        return nullcontext(Silent() if number == WARMING_UP else JsonLines())

    raced = asyncio.run(run_races(stack, prompt, view, runs=runs))
    if raced.warm:
        for each in raced.by_architecture.values():
            print_json(medians_event(each))
    report_problems(raced.outcomes)
    return raced
