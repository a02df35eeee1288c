"""A case of the suite: what it says of a stack, what it needs, and where it runs."""

from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import permutations
from typing import Literal

from shared.contract.architectures import DESCRIPTORS
from streamways.clients.client import ARCHITECTURES
from streamways.conformance.stack import Need
from streamways.conformance.trial import On, Trial

Manner = Literal["side by side", "waiting", "slow model", "model fault", "alone"]
"""How a case runs beside others. `waiting`: it lets time pass, asks the model nothing, and runs beside all of them.
`slow model`: side by side with others that want an answer which takes its time, to stop it on the way; a sandbox's
model speaks slowly then. `model fault`: its runs are side by side, and nothing else asks the model meanwhile.
`alone`: nothing runs beside it, because what it does to the sandbox would disturb it."""
SLOW_TOKENS_PER_SECOND = 25
"""Of a sandbox's model where an answer is to last until it is stopped: some 350 tokens then take 14 seconds."""

RunCase = Callable[[Trial], Awaitable[None]]

SINGLE: tuple[On, ...] = tuple((architecture,) for architecture in ARCHITECTURES)
PAIRS: tuple[On, ...] = tuple(permutations(ARCHITECTURES, 2))
WITH_WORKER: tuple[On, ...] = tuple((name,) for name, one in DESCRIPTORS.items() if one.worker)


@dataclass(frozen=True)
class Case:
    """One promise."""

    name: str
    says: str
    """What holds when the case passes."""
    run: RunCase
    on: tuple[On, ...]
    needs: frozenset[Need]
    manner: Manner
    model_fault: Mapping[str, object] | None
    """How the next call of the model goes wrong in each run of the case."""


class Cases:
    """The cases of one subject, in the order of their definition."""

    def __init__(self) -> None:
        self._cases: list[Case] = []

    def __iter__(self) -> Iterator[Case]:
        return iter(self._cases)

    def case(
        self,
        says: str,
        *,
        on: Sequence[On] = SINGLE,
        needs: Sequence[Need] = (),
        manner: Manner = "side by side",
        model_fault: Mapping[str, object] | None = None,
    ) -> Callable[[RunCase], RunCase]:
        """Adds the function below as a case that is named like it. One with a fault of the model has that manner."""

        def add(run: RunCase) -> RunCase:
            name = getattr(run, "__name__", "").replace("_", "-")
            how: Manner = "model fault" if model_fault else manner
            harm: tuple[Need, ...] = ("sandbox",) if how in ("model fault", "alone") else ()
            required = frozenset[Need]((*needs, *harm))
            self._cases.append(Case(name, says, run, tuple(on), required, how, model_fault))
            return run

        return add


def label(on: On) -> str:
    """Where a case runs, in words: `websocket`, `function-url → appsync`."""
    return " → ".join(on)
