"""Faults on demand, each subject under an address of its own: asked for, looked at, taken back."""

from collections.abc import Iterable
from typing import Protocol

from starlette.routing import Route

from sandbox.control.guard import Document, Guard
from sandbox.forms import Form


class Subject(Protocol):
    """The faults of something, whatever their kinds (`sandbox.faults.Faults`)."""

    def ask(self, form: Form) -> None: ...

    def clear(self) -> None: ...

    def document(self) -> dict[str, object]: ...


def fault_routes(guard: Guard, path: str, subject: Subject) -> Iterable[Route]:
    """`PUT`, `GET` and `DELETE` of an address such as `/model/fault`."""

    async def ask(form: Form) -> Document:
        subject.ask(form)
        return subject.document()

    async def look(_form: Form) -> Document:
        return subject.document()

    async def clear(_form: Form) -> Document:
        subject.clear()
        return subject.document()

    return [guard.route("PUT", path, ask), guard.route("GET", path, look), guard.route("DELETE", path, clear)]
