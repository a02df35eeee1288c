"""Races: one prompt over all architectures of a stack at once; or a measurement of several runs after a warm-up."""

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Final

from streamways.clients.client import Architecture
from streamways.target.stack import Stack
from streamways.target.streams import Outcome, View, run_streams

WARM_UP: Final = "What is a sequenced part?"
"""Asked before a measurement: the answer is short, and nobody sees its figures."""
WARMING_UP: Final = 0
"""The number of the warm-up; runs that count begin with 1."""

Views = Callable[[int], AbstractContextManager[View]]
"""What shows the run of this number."""


@dataclass(frozen=True)
class Raced:
    """What became of a prompt in each run."""

    runs: Sequence[Sequence[Outcome]]
    """At least one; each has an outcome for each architecture, in one order."""
    warm: bool
    """Whether a warm-up came before."""

    @property
    def outcomes(self) -> list[Outcome]:
        """Of all runs."""
        return [outcome for run in self.runs for outcome in run]

    @property
    def by_architecture(self) -> dict[Architecture, Sequence[Outcome]]:
        """The outcomes of each architecture, run by run."""
        return {each[0].architecture: each for each in zip(*self.runs, strict=True)}


async def run_races(stack: Stack, prompt: str, views: Views, *, runs: int | None = None) -> Raced:
    """Runs one race; with `runs` a warm-up, then so many. A run of which nothing finishes well is the last one."""
    architectures = stack.outputs.architectures
    if runs is not None:
        with views(WARMING_UP) as view:
            await run_streams(stack, dict.fromkeys(architectures, WARM_UP), view)
    raced: list[list[Outcome]] = []
    for number in range(1, 1 + (runs or 1)):
        with views(number) as view:
            raced.append(await run_streams(stack, dict.fromkeys(architectures, prompt), view))
        if all(outcome.problem is not None for outcome in raced[-1]):
            break
    return Raced(raced, warm=runs is not None)
