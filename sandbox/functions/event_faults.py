"""Faults of asynchronous invocations, asked for by whoever tests what a function makes of them.

Lambda's queue is eventually consistent: an event may come twice, late, or after one that was sent later.
https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-error-handling.html
"""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Literal, cast, get_args

from sandbox.faults import Faults
from sandbox.forms import Form

EventFaultKind = Literal["duplicate", "aged_duplicate", "reordered", "dropped", "late"]
KINDS: tuple[EventFaultKind, ...] = get_args(EventFaultKind)
DEFAULT_SECONDS: dict[EventFaultKind, float] = {"duplicate": 0, "aged_duplicate": 0, "reordered": 10, "late": 2}


@dataclass(frozen=True)
class EventFault:
    """How one asynchronous invocation goes wrong."""

    kind: EventFaultKind
    function: str = ""
    """What the name of the function begins with; events of others are well."""
    seconds: float = 0
    """After which the second delivery of a `duplicate` follows, or that of an `aged_duplicate` is given up as too old;
    for which a `late` one is held; for which a `reordered` one waits at most for the next event of its function to be
    worked off."""


class EventFaults(Faults[EventFault]):
    """The faults of the next events, and those that are being held."""

    def __init__(self) -> None:
        super().__init__(_read)
        self._held: dict[str, asyncio.Event] = {}

    async def carry(
        self, function_name: str, deliver: Callable[[], Awaitable[None]], give_up: Callable[[], Awaitable[None]]
    ) -> None:
        """Deliver an event of this function: once, twice, later or never. `deliver` returns when it is worked off;
        `give_up` is what becomes of a delivery that is too old to be tried."""
        overtaken = self._held.pop(function_name, None)
        fault = self.take(lambda fault: function_name.startswith(fault.function))
        try:
            match fault:
                case EventFault("dropped"):
                    return
                case EventFault("duplicate"):
                    await asyncio.gather(deliver(), self._later(fault.seconds, deliver))
                case EventFault("aged_duplicate"):
                    await asyncio.gather(deliver(), self._later(fault.seconds, give_up))
                case EventFault("late"):
                    await self._later(fault.seconds, deliver)
                case EventFault("reordered"):
                    passed = self._held[function_name] = asyncio.Event()
                    with contextlib.suppress(TimeoutError):
                        async with asyncio.timeout(fault.seconds):
                            await passed.wait()
                    if self._held.get(function_name) is passed:
                        del self._held[function_name]
                    await deliver()
                case _:
                    await deliver()
        finally:
            if overtaken is not None:
                overtaken.set()

    async def _later(self, seconds: float, deliver: Callable[[], Awaitable[None]]) -> None:
        await asyncio.sleep(seconds)
        await deliver()


def _read(form: Form) -> EventFault:
    kind = cast("EventFaultKind", form.choice("fault", KINDS))
    function = form.text("function", "")
    if kind == "dropped":
        return EventFault(kind, function)
    return EventFault(kind, function, form.number("seconds", DEFAULT_SECONDS[kind]))
