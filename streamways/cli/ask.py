"""`ask`: one prompt over one architecture of a stack."""

import asyncio
import sys
from collections.abc import Sequence
from pathlib import Path

from streamways.cli.figures import cost_of
from streamways.cli.text import dollars, milliseconds, printable
from streamways.cli.views import Answer, JsonLines
from streamways.clients.client import Architecture
from streamways.errors import Misuse
from streamways.target.stack import stack_of
from streamways.target.streams import Outcome, run_streams


def ask(
    prompt: str, *, architecture: Architecture | None, as_json: bool, outputs_file: Path | None, port: int | None
) -> int:
    """Streams over one architecture: the answer on standard output, its figures on standard error."""
    check_prompt(prompt)
    stack = stack_of(outputs_file, port)
    there = stack.outputs.architectures
    if architecture is not None and architecture not in there:
        raise Misuse(f"the stack has no {architecture}; it has: {', '.join(there) or 'none'}")
    chosen = architecture or there[0]
    view = JsonLines() if as_json else Answer()
    outcomes = asyncio.run(run_streams(stack, {chosen: prompt}, view))
    report_problems(outcomes)
    if not as_json and outcomes[0].problem is None:
        print(_one_line(outcomes[0], emulated=stack.emulated), file=sys.stderr)
    return exit_code(outcomes)


def check_prompt(prompt: str) -> None:
    """Raises Misuse for a prompt that says nothing."""
    if not prompt.strip():
        raise Misuse("the prompt is empty; give one, for example: streamways ask 'What is a stream?'")


def report_problems(outcomes: Sequence[Outcome]) -> None:
    """Says on standard error what went wrong."""
    for outcome in outcomes:
        if outcome.problem is not None:
            print(f"streamways: {outcome.architecture} failed: {printable(outcome.problem)}", file=sys.stderr)


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
