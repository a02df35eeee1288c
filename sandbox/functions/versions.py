"""The environments of all functions, a pool for each version, kept in step with the World; published when code changes.

A hot reload is the update that `pulumi up` makes on AWS: the new code becomes a version, the aliases move to it in one
step, and what runs on the version before ends there.
"""

import asyncio
import itertools
import logging
from collections.abc import Iterator, Mapping
from pathlib import Path

from sandbox.functions.concurrency import Concurrency
from sandbox.functions.environment import Host
from sandbox.functions.errors import FunctionPending
from sandbox.functions.plan import awaited, verify_function
from sandbox.functions.pool import Pool
from sandbox.world import LATEST, Alias, Function
from stacks.errors import StacksError

_log = logging.getLogger(__name__)

Key = tuple[str, str]
"""The name of a function, and the number of a version or `$LATEST`."""


class Versions:
    """From the first `apply` to `close`. Of each version that a client waits for, `warm` environments are ready."""

    def __init__(self, host: Host, concurrency: Concurrency, warm: int) -> None:
        self._host = host
        self._concurrency = concurrency
        self._warm = warm
        self._awaited: set[str] = set()
        self._pools: dict[Key, Pool] = {}
        self._leaving: list[Pool] = []
        """Of functions that are gone and of versions that are not what they were, as long as an invocation runs."""
        self._changing = asyncio.Lock()

    async def apply(self) -> None:
        """After the World has changed: lay out new and changed versions, and end the environments of others.

        Invocations that run end where they began. Raises `ResourceRefused`, `StacksError`; then all is as it was.
        """
        async with self._changing:
            world = self._host.world
            functions = tuple(world.functions.values())
            for function in functions:
                verify_function(world, function)
            self._awaited = awaited(world)
            wanted: dict[Key, Function] = {}
            ready: dict[Key, int | None] = {}
            for function in functions:
                for each in (function, *tuple(function.versions.values())):
                    key = each.name, each.version
                    wanted[key], ready[key] = each, self._ready_of(function, each.version)
            kept = {
                key: pool for key, pool in self._pools.items() if key in wanted and pool.function.runs_like(wanted[key])
            }
            new = await self._laid_out({key: wanted[key] for key in wanted.keys() - kept.keys()}, ready)
            leaving = [pool for key, pool in self._pools.items() if key not in kept]
            self._pools = kept | new
            self._leaving += leaving
            await asyncio.gather(*(pool.keep(None) for pool in leaving))
            self._leaving = [pool for pool in self._leaving if not pool.is_empty]
            await asyncio.gather(*(pool.keep(ready[key]) for key, pool in kept.items()))

    def pool(self, version: Function) -> Pool:
        """The environments of a version. Raises `FunctionPending`."""
        pool = self._pools.get((version.name, version.version))
        if pool is None or not pool.ready:
            raise FunctionPending
        return pool

    async def move(self, function: Function, alias: Alias, version: str) -> None:
        """Have an alias run another version from the next invocation on. Raises KeyError when there is no such one."""
        function.at(version)
        async with self._changing:
            alias.version = version
            await self._settle(function)

    async def reload(self) -> None:
        """Publish the functions whose code has changed. What cannot be laid out is logged, and goes on as it was."""
        async with self._changing:
            for function in tuple(self._host.world.functions.values()):
                try:
                    await self._update(function)
                except (StacksError, SyntaxError, OSError) as error:
                    _log.warning("%s goes on with the code it had: %s", function.name, error)

    async def retire(self) -> None:
        """End environments that have been idle for too long."""
        for pool in tuple(self._pools.values()):
            await pool.retire()

    async def kill(self, prefix: str) -> int:
        """Kill the processes that run an invocation of a function whose name begins with `prefix`; how many."""
        pools = [pool for pool in self._all() if pool.function.name.startswith(prefix)]
        return sum(await asyncio.gather(*(pool.kill() for pool in pools)))

    async def close(self) -> None:
        """End all environments."""
        await asyncio.gather(*(pool.close() for pool in self._all()))

    async def _laid_out(self, versions: Mapping[Key, Function], ready: Mapping[Key, int | None]) -> dict[Key, Pool]:
        """A pool with code for each version, or for none."""
        layers = self._host.layers
        # A version that was published just now is what `$LATEST` is.
        told = [each for key, each in versions.items() if key[1] == LATEST or (key[0], LATEST) not in versions]
        await asyncio.gather(*(asyncio.to_thread(layers.verify, each) for each in told))
        sources = {(each.name, each.package): each for each in versions.values()}
        found = await asyncio.gather(*(asyncio.to_thread(layers.task_root, each) for each in sources.values()))
        task_roots: Mapping[tuple[str, Path], Path] = dict(zip(sources, found, strict=True))
        pools = {key: Pool(self._host, each, self._concurrency, ready[key]) for key, each in versions.items()}
        try:
            await asyncio.gather(
                *(pool.use(task_roots[pool.function.name, pool.function.package]) for pool in pools.values())
            )
        except BaseException:
            await asyncio.gather(*(pool.close() for pool in pools.values()))
            raise
        return pools

    async def _update(self, function: Function) -> None:
        latest = self._pools.get((function.name, LATEST))
        if latest is None or not latest.function.runs_like(function):
            return  # the `apply` that is on its way takes the code as it is by then
        task_root = await asyncio.to_thread(self._host.layers.task_root, function)
        if task_root == latest.task_root:
            return
        await latest.use(task_root)
        if function.versions:
            published = function.publish()
            pool = Pool(self._host, published, self._concurrency, 0)
            self._pools[published.name, published.version] = pool
            await pool.use(task_root)
            for alias in tuple(function.aliases.values()):
                alias.version = published.version
            await self._settle(function)

    async def _settle(self, function: Function) -> None:
        """Have environments ready of those versions alone that somebody is sent to."""
        for (name, version), pool in tuple(self._pools.items()):
            if name == function.name:
                await pool.keep(self._ready_of(function, version))

    def _ready_of(self, function: Function, version: str) -> int | None:
        """How many environments of a version are kept ready; None when nobody is sent to it."""
        if version not in ({alias.version for alias in tuple(function.aliases.values())} or {LATEST}):
            return None
        return self._warm if function.name in self._awaited else 0

    def _all(self) -> Iterator[Pool]:
        return itertools.chain(tuple(self._pools.values()), tuple(self._leaving))
