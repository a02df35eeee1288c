"""`race` and `ask`: one prompt, over all architectures of a stack or over one."""

import asyncio
import sys
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console

from streamways.cli.figures import cost_of, saved_row
from streamways.cli.results_table import print_results
from streamways.cli.saving import keep
from streamways.cli.side_by_side import Columns
from streamways.cli.text import dollars, milliseconds, printable
from streamways.cli.views import Answer, JsonLines, PlainLines
from streamways.clients.client import Architecture
from streamways.errors import Misuse
from streamways.target.stack import Stack, stack_of
from streamways.target.streams import Outcome, View, run_streams

NARROWEST = 60
"""Columns of a terminal below which answers do not fit side by side."""


def race(prompt: str, *, as_json: bool, outputs_file: Path | None, port: int | None, folder: Path | None) -> int:
    """Streams over everything that the stack has; the exit code is 0 only if every stream finished well.

    With a folder the figures are saved there, without the prompt and the answers. Raises CommandError.
    """
    _check(prompt)
    stack = stack_of(outputs_file, port)
    if as_json:
        outcomes = _run(stack, stack.outputs.architectures, prompt, JsonLines())
    else:
        console = Console(highlight=False)
        outcomes = asyncio.run(race_side_by_side(stack, prompt, console))
        console.print()
        print_results(console, outcomes, emulated=stack.emulated)
    if folder is not None:
        keep(
            folder,
            "race",
            {"streams": [saved_row(outcome) for outcome in outcomes]},
            None if stack.emulated else stack.outputs,
        )
    return exit_code(outcomes)


async def race_side_by_side(stack: Stack, prompt: str, console: Console) -> list[Outcome]:
    """Streams over everything that the stack has; in columns on a terminal, else as plain lines."""
    prompts = dict.fromkeys(stack.outputs.architectures, prompt)
    if console.is_terminal and not console.is_dumb_terminal and console.width >= NARROWEST:
        with Columns(stack.outputs.architectures, console) as columns:
            return await run_streams(stack, prompts, columns)
    return await run_streams(stack, prompts, PlainLines())


def ask(
    prompt: str, *, architecture: Architecture | None, as_json: bool, outputs_file: Path | None, port: int | None
) -> int:
    """Streams over one architecture: the answer on standard output, its figures on standard error."""
    _check(prompt)
    stack = stack_of(outputs_file, port)
    there = stack.outputs.architectures
    if architecture is not None and architecture not in there:
        raise Misuse(f"the stack has no {architecture}; it has: {', '.join(there) or 'none'}")
    chosen = architecture or there[0]
    outcomes = _run(stack, [chosen], prompt, JsonLines() if as_json else Answer())
    if not as_json and outcomes[0].problem is None:
        print(_one_line(outcomes[0], emulated=stack.emulated), file=sys.stderr)
    return exit_code(outcomes)


def _check(prompt: str) -> None:
    if not prompt.strip():
        raise Misuse("the prompt is empty; give one, for example: streamways ask 'What is a stream?'")


def _run(stack: Stack, architectures: Sequence[Architecture], prompt: str, view: View) -> list[Outcome]:
    outcomes = asyncio.run(run_streams(stack, dict.fromkeys(architectures, prompt), view))
    for outcome in outcomes:
        if outcome.problem is not None:
            print(f"streamways: {outcome.architecture} failed: {printable(outcome.problem)}", file=sys.stderr)
    return outcomes


def exit_code(outcomes: Sequence[Outcome]) -> int:
    """0 if there were streams and all finished well, else 1."""
    return 0 if outcomes and all(outcome.problem is None for outcome in outcomes) else 1


def _one_line(outcome: Outcome, *, emulated: bool) -> str:
    summary = outcome.summary
    usage = summary.usage or {}
    cost = cost_of(outcome)
    source = "emulated" if emulated else "measured"
    return (
        f"[{outcome.architecture}, {source}: first text {milliseconds(summary.ttft_ms)}, "
        f"total {milliseconds(summary.total_ms)}, {usage.get('inputTokens', '–')} tokens in, "
        f"{usage.get('outputTokens', '–')} out; calculated: {dollars(cost.total if cost else None)} on AWS]"
    )
