"""Runs cases against a stack: side by side where they do not disturb each other, one after the other where they do."""

import asyncio
import time
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import asynccontextmanager, nullcontext
from dataclasses import dataclass, replace
from itertools import groupby
from typing import Literal

from streamways.clients.errors import ClientError
from streamways.conformance.case import SLOW_TOKENS_PER_SECOND, Case, Manner
from streamways.conformance.expect import NotMet
from streamways.conformance.stack import StackUnderTest
from streamways.conformance.trial import On, Trial

AT_ONCE = 10
"""Trials that run side by side: more wait for each other's functions to start."""
TRIAL_SECONDS = 120.0
"""After which a trial is given up: longer than any wait within a case."""

Outcome = Literal["passed", "failed", "not run"]


@dataclass(frozen=True)
class Result:
    """What became of a case on one architecture, or across two."""

    case: Case
    on: On
    outcome: Outcome
    seconds: float = 0.0
    why: str = ""
    """One line, empty for one that passed."""


async def run_cases(
    stack: StackUnderTest, chosen: Sequence[tuple[Case, On]], report: Callable[[Result], None]
) -> list[Result]:
    """Runs the chosen trials, and reports each when it is done. Those that cannot run here are reported first."""
    run = _Run(stack, report)
    runnable: list[tuple[Case, On]] = []
    for case, on in chosen:
        why = why_not(stack, case, on)
        if why is None:
            runnable.append((case, on))
        else:
            run.done(Result(case, on, "not run", why=why))

    def of(manner: Manner) -> list[tuple[Case, On]]:
        return [trial for trial in runnable if trial[0].manner == manner]

    async with asyncio.TaskGroup() as waiting:
        for trial in of("waiting"):
            waiting.create_task(run.trial(*trial))
        await run.side_by_side(of("side by side"))
        async with _slow_model(stack) if of("slow model") else nullcontext():
            await run.side_by_side(of("slow model"))
        await run.with_faults(of("model fault"))
        for trial in of("alone"):
            await run.trial(*trial)
    return run.results


class _Run:
    """One run of the suite, and its results so far."""

    def __init__(self, stack: StackUnderTest, report: Callable[[Result], None]) -> None:
        self.results: list[Result] = []
        self._stack = stack
        self._report = report

    def done(self, result: Result) -> None:
        """Keeps a result and reports it."""
        self.results.append(result)
        self._report(result)

    async def trial(self, case: Case, on: On) -> None:
        """Runs one trial."""
        self.done(await _try(self._stack, case, on))

    async def side_by_side(self, trials: Sequence[tuple[Case, On]]) -> None:
        """Runs trials, so many at once."""
        permits = asyncio.Semaphore(AT_ONCE)

        async def in_turn(case: Case, on: On) -> None:
            async with permits:
                await self.trial(case, on)

        await asyncio.gather(*(in_turn(*trial) for trial in trials))

    async def with_faults(self, trials: Sequence[tuple[Case, On]]) -> None:
        """Runs the cases one after the other, the runs of each side by side. While a model is silent, which is asked
        once only, the next case begins."""
        async with asyncio.TaskGroup() as silent:
            for _, runs in groupby(trials, key=lambda trial: trial[0].name):
                group = list(runs)
                armed = asyncio.Event()
                running = silent.create_task(self._with_fault(group, armed))
                await asyncio.wait({running, silent.create_task(armed.wait())}, return_when=asyncio.FIRST_COMPLETED)
                armed.set()

    async def _with_fault(self, group: Sequence[tuple[Case, On]], set_in: asyncio.Event) -> None:
        sandbox, fault = self._stack.sandbox, group[0][0].model_fault
        assert sandbox is not None, "why_not lets no such case run without a sandbox"
        assert fault is not None, "such a case has a fault"
        calls = len(group) * int(str(fault.get("calls", 1)))
        begun, why = asyncio.Event(), ""
        runs = asyncio.gather(*(self._try_from(begun, *trial) for trial in group))
        try:
            async with sandbox.fault("/model/fault", {**fault, "calls": calls}):
                begun.set()
                if fault["fault"] == "stalled":
                    await sandbox.fault_set_in("/model/fault")
                else:
                    await runs
        except NotMet as unmet:
            why = str(unmet)
        begun.set()
        set_in.set()
        for result in await runs:
            self.done(replace(result, outcome="failed", why=why) if why and result.outcome == "passed" else result)

    async def _try_from(self, begun: asyncio.Event, case: Case, on: On) -> Result:
        await begun.wait()
        return await _try(self._stack, case, on)


@asynccontextmanager
async def _slow_model(stack: StackUnderTest) -> AsyncGenerator[None]:
    if stack.sandbox is None:
        yield
    else:
        async with stack.sandbox.pace(SLOW_TOKENS_PER_SECOND):
            yield


def why_not(stack: StackUnderTest, case: Case, on: On) -> str | None:
    """Why a trial cannot run against this stack; None when it can."""
    missing = [architecture for architecture in on if architecture not in stack.outputs.architectures]
    if missing:
        return f"the stack has no {missing[0]}"
    return next((why for need in sorted(case.needs) if (why := stack.lacks(need)) is not None), None)


async def _try(stack: StackUnderTest, case: Case, on: On) -> Result:
    began = time.perf_counter()
    why = ""
    try:
        async with asyncio.timeout(TRIAL_SECONDS):
            await case.run(Trial(stack, on))
    except (NotMet, ClientError) as error:
        why = str(error) or type(error).__name__
    except TimeoutError:
        why = f"it was not done after {TRIAL_SECONDS:g} s"
    except Exception as error:  # a case that breaks has not passed, and the others are to run all the same
        why = f"{type(error).__name__}: {error}"
    seconds = time.perf_counter() - began
    return Result(case, on, "failed" if why else "passed", seconds, " ".join(why.split()))
