"""`check`: the conformance suite, against the sandbox that runs here or against any stack by its outputs."""

import asyncio
import difflib
import os
from collections.abc import Mapping, Sequence
from pathlib import Path

from streamways.bench.table import Row
from streamways.cli.check_report import JsonReport, LineReport, Report
from streamways.cli.listing import lines
from streamways.cli.saving import keep
from streamways.clients.client import Architecture
from streamways.conformance.case import Case
from streamways.conformance.catalog import all_cases
from streamways.conformance.runner import Result, run_cases
from streamways.conformance.stack import StackUnderTest, Token
from streamways.conformance.trial import On
from streamways.errors import Misuse
from streamways.target.control import Control
from streamways.target.stack import foreign_issuer, running_sandbox, stack_of

MORE_TOKENS: Mapping[Token, str] = {
    "second": "STREAMWAYS_SECOND_TOKEN",
    "another client": "STREAMWAYS_OTHER_CLIENT_TOKEN",
}
"""Whose token is in which variable: some promises are about what others may not do."""


def check(
    names: Sequence[str],
    *,
    architecture: Architecture | None,
    as_json: bool,
    outputs_file: Path | None,
    port: int | None,
    folder: Path | None,
) -> int:
    """Runs the cases of these names, or all. The exit code is 0 only if some ran and none failed.

    With a folder the outcomes are saved there. Raises CommandError.
    """
    cases = _chosen(names)
    stack, where = _stack(outputs_file, port)
    there = stack.outputs.architectures
    if architecture is not None and architecture not in there:
        raise Misuse(f"the stack has no {architecture}; it has: {', '.join(there) or 'none'}")
    trials = [(case, on) for case in cases for on in case.on if architecture is None or architecture in on]
    if not trials:
        raise Misuse(
            f"no case of {', '.join(case.name for case in cases)} runs on {architecture}; see: streamways check --list"
        )
    report = JsonReport() if as_json else LineReport(where, trials)
    results = asyncio.run(_run(stack, trials, report))
    if folder is not None:
        outputs = None if stack.sandbox is not None else stack.outputs
        keep(folder, "check", {"cases": [_saved_row(result) for result in results]}, outputs)
    outcomes = {result.outcome for result in results}
    return 0 if "passed" in outcomes and "failed" not in outcomes else 1


def print_cases() -> None:
    """The names of all cases, each with what holds when it passes."""
    print(lines({case.name: case.says for case in all_cases()}))


def _chosen(names: Sequence[str]) -> Sequence[Case]:
    known = {case.name: case for case in all_cases()}
    for name in names:
        if name not in known:
            close = difflib.get_close_matches(name, known, 3, 0.4)
            hint = f"did you mean {' or '.join(close)}?" if close else "list the cases with: streamways check --list"
            raise Misuse(f"there is no case {name!r}; {hint}")
    return [known[name] for name in dict.fromkeys(names or known)]


def _stack(outputs_file: Path | None, port: int | None) -> tuple[StackUnderTest, str]:
    """The stack, and how to call it."""
    where = str(outputs_file)
    if outputs_file is None:
        running = running_sandbox(port)
        where = f"the sandbox at {running.origin}"
        if foreign_issuer(running) is None:
            control = Control.of(running)
            return StackUnderTest.of_sandbox(running, control.token, control.id_token), where
    stack = stack_of(outputs_file, port)
    tokens: dict[Token, str] = {"first": stack.token}
    for whose, variable in MORE_TOKENS.items():
        if token := os.environ.get(variable, "").strip():
            tokens[whose] = token
    return StackUnderTest(stack.outputs, tokens, stack.signer), where


async def _run(stack: StackUnderTest, trials: Sequence[tuple[Case, On]], report: Report) -> Sequence[Result]:
    report.begin()
    try:
        results = await run_cases(stack, trials, report.result)
    finally:
        if stack.sandbox is not None:
            await stack.sandbox.close()
    report.end(results)
    return results


def _saved_row(result: Result) -> Row:
    """Without the reason of a failure, which may hold an address."""
    return {
        "case": result.case.name,
        "on": " and ".join(result.on),
        "outcome": result.outcome,
        "seconds": round(result.seconds, 2),
    }
