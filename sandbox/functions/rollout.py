"""Functions follow the World: what could not work is refused, code is laid out, and edits of it are watched."""

import asyncio
import contextlib
from collections.abc import Callable, Coroutine, Generator
from pathlib import Path
from typing import Any

from sandbox.errors import ServiceFailed, one_line
from sandbox.functions.environment import Host
from sandbox.functions.forks import Forks
from sandbox.functions.plan import verify_function
from sandbox.functions.schedules import Schedules
from sandbox.functions.versions import Versions
from sandbox.functions.watcher import watch
from stacks.errors import StacksError


class Rollout:
    """Of one sandbox's functions. `spawn` runs what watches in the background, until the sandbox ends."""

    def __init__(
        self,
        host: Host,
        forks: Forks,
        versions: Versions,
        schedules: Schedules,
        spawn: Callable[[Coroutine[Any, Any, None]], object],
    ) -> None:
        self._host = host
        self._forks = forks
        self._world = host.world
        self._versions = versions
        self._schedules = schedules
        self._spawn = spawn
        self._watched: set[Path] = set()
        """Packages whose code is watched, and its folders."""
        self._preparing = asyncio.Lock()
        self._is_prepared = False

    async def prepare(self) -> None:
        """Ahead of `apply`, while the functions are not known yet: have the runtime loaded that they are forked from.

        A runtime that cannot be laid out is no failure before there is a function that needs it.
        """
        with contextlib.suppress(StacksError):
            await self._prepared()

    def verify(self, name: str) -> None:
        """Refuse a function that could not work on AWS or here; in any thread. Raises as `apply` does."""
        function = self._world.functions.get(name)
        if function is not None:
            with _failing():
                verify_function(self._world, function)
                self._host.layers.verify(function)

    async def apply(self) -> None:
        """After the World has changed: new and changed functions get environments, those of others end.

        Invocations that run end where they began. Raises `ResourceRefused` for a function that could not work on AWS or
        here, `ServiceFailed` when its package cannot be laid out; then everything stays as it was.
        """
        with _failing():
            if self._world.functions:
                await self._prepared()
            await self._watch()
            await self._versions.apply()
        self._schedules.apply()

    async def _prepared(self) -> None:
        async with self._preparing:
            if self._is_prepared:
                return
            layers = self._host.layers
            await asyncio.to_thread(layers.prepare)
            runtime = await asyncio.to_thread(lambda: layers.runtime)
            await self._forks.start(layers.bin / "python", runtime, layers.libraries, layers.common_variables())
            self._is_prepared = True

    async def _watch(self) -> None:
        """Have code reloaded that is edited from now on. A folder is watched to the end, whatever becomes of it."""
        functions = [each for each in tuple(self._world.functions.values()) if each.package not in self._watched]
        folders = await asyncio.to_thread(self._host.layers.source_folders, functions)
        if new := [folder for folder in folders if self._watched.isdisjoint((folder, *folder.parents))]:
            self._spawn(watch(new, self._versions.reload))
        self._watched.update(new, (each.package for each in functions))


@contextlib.contextmanager
def _failing() -> Generator[None]:
    """A package that cannot be laid out is a service of the sandbox's that failed."""
    try:
        yield
    except (StacksError, SyntaxError) as error:
        raise ServiceFailed(one_line(str(error))) from error
