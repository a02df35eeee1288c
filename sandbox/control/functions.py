"""The processes of the functions."""

from collections.abc import Awaitable, Callable, Iterable

from starlette.routing import Route

from sandbox.control.guard import Document, Guard
from sandbox.forms import Form

Kill = Callable[[str], Awaitable[int]]
"""SIGKILL for the processes that run an invocation of a function whose name begins so; how many there were."""


def function_routes(guard: Guard, kill: Kill) -> Iterable[Route]:
    """`POST /functions/kill`."""

    async def kill_working(form: Form) -> Document:
        function = form.text("function")
        form.end()
        return {"killed": await kill(function)}

    return [guard.route("POST", "/functions/kill", kill_working)]
