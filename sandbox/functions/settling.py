"""After a change of the World the functions follow: once for all changes that came while they followed earlier ones."""

import asyncio
import re

from sandbox.functions.service import FunctionService

CONCERNED = ("aws:lambda/", "aws:cloudwatch/event")
"""Types, by the beginning of their tokens, of which the functions take note."""
_FUNCTION = re.compile(r"(?:arn:.*:function:)?([a-zA-Z0-9_-]*)")
"""The function's name in the id of what belongs to it: itself, `name/live`, `name:live`, `name,live`, an alias' ARN."""


class Settling:
    """Made in the event loop; `settle` is called from threads."""

    def __init__(self, functions: FunctionService) -> None:
        self._functions = functions
        self._loop = asyncio.get_running_loop()
        self._lock = asyncio.Lock()
        self._next: asyncio.Task[None] | None = None

    def settle(self, type_token: str, physical_id: str) -> None:
        """Return when the functions are as the World has them, if the resource concerns them. Raises SandboxError."""
        if type_token.startswith(CONCERNED):
            if found := _FUNCTION.match(physical_id):
                self._functions.rollout.verify(found[1])
            asyncio.run_coroutine_threadsafe(self._settled(), self._loop).result()

    async def _settled(self) -> None:
        """An `apply` that began after this call has ended."""
        if self._next is None:
            self._next = asyncio.create_task(self._run())
        await asyncio.shield(self._next)

    async def _run(self) -> None:
        async with self._lock:
            self._next = None
            await self._functions.rollout.apply()
