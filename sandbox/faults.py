"""Faults on demand: what goes wrong with the next calls of one subject, until they are used up or taken back.

Whoever tests a client or a function asks for them through the control interface; what serves the calls takes them.
"""

from collections.abc import Callable
from typing import Generic, Protocol, TypeVar

from sandbox.forms import Form


class Fault(Protocol):
    """How one call goes wrong; each subject has a class of its own."""

    @property
    def kind(self) -> str:
        """The word by which it is asked for, for example `throttled`."""
        ...


F = TypeVar("F", bound=Fault)


class Faults(Generic[F]):
    """The faults of one subject: at most one kind at a time."""

    def __init__(self, read: Callable[[Form], F]) -> None:
        """`read` takes the fields of a fault from a form, `calls` and `after` excepted. Raises FormRefused."""
        self._read = read
        self._fault: F | None = None
        self._calls = 0
        self._after = 0

    def ask(self, form: Form) -> None:
        """Expect what `{"fault", "calls"?, "after"?, …}` says. Raises FormRefused."""
        fault = self._read(form)
        calls, after = form.whole("calls", 1, least=1), form.whole("after", 0)
        form.end()
        self.expect(fault, calls, after)

    def expect(self, fault: F, calls: int = 1, after: int = 0) -> None:
        """After `after` calls that are well, so many (1 or more) go wrong so; what was expected before is forgotten."""
        self._fault, self._calls, self._after = fault, calls, after

    def clear(self) -> None:
        """The next calls are well."""
        self._fault, self._calls, self._after = None, 0, 0

    def take(self, concerned: Callable[[F], bool] = lambda _: True) -> F | None:
        """The fault of the call that comes in now, unless it is not `concerned`: such a call is not counted."""
        fault = self._fault
        if fault is None or not concerned(fault):
            return None
        if self._after:
            self._after -= 1
            return None
        self._calls -= 1
        if self._calls <= 0:
            self.clear()
        return fault

    def document(self) -> dict[str, object]:
        """`{"fault", "calls"}`: the kind that is expected, and how many calls are still to go wrong."""
        return {"fault": self._fault.kind if self._fault else None, "calls": self._calls}
