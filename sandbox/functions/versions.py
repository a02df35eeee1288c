"""The environments of all functions, a pool for each version: laid out at the start, and published when code changes.

A hot reload is the update that `pulumi up` makes on AWS: the new code becomes a version, the aliases move to it in one
step, and what runs on the version before ends there.
"""

import asyncio
import logging
from collections.abc import Iterable

from sandbox.functions.concurrency import Concurrency
from sandbox.functions.environment import Host
from sandbox.functions.errors import FunctionPending
from sandbox.functions.plan import awaited, verify
from sandbox.functions.pool import Pool
from sandbox.world import LATEST, Alias, Function
from stacks.errors import StacksError

_log = logging.getLogger(__name__)


class Versions:
    """From `start` to `close`. Of each version that a client waits for, `warm` environments are ready."""

    def __init__(self, host: Host, concurrency: Concurrency, warm: int) -> None:
        self._host = host
        self._concurrency = concurrency
        self._warm = warm
        self._awaited: set[str] = set()
        self._pools: dict[tuple[str, str], Pool] = {}
        """By the name of the function and the number of the version, or `$LATEST`."""
        self._changing = asyncio.Lock()

    async def start(self) -> None:
        """Lay out the code of every version. Raises `ResourceRefused`, `StacksError`."""
        world, layers = self._host.world, self._host.layers
        functions = tuple(world.functions.values())
        self._awaited = awaited(world)
        for function in functions:
            for version in (function, *function.versions.values()):
                self._add(version, self._ready_of(function, version.version))
        verify(world, lambda version: self._pools[version.name, version.version])
        await asyncio.gather(*(asyncio.to_thread(layers.verify, function) for function in functions))
        async with self._changing:
            await asyncio.gather(*(self._lay_out(function) for function in functions))

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
        pools = [pool for (name, _), pool in self._pools.items() if name.startswith(prefix)]
        return sum(await asyncio.gather(*(pool.kill() for pool in pools)))

    async def close(self) -> None:
        """End all environments."""
        await asyncio.gather(*(pool.close() for pool in self._pools.values()))

    async def _lay_out(self, function: Function) -> None:
        task_root = await asyncio.to_thread(self._host.layers.task_root, function)
        await asyncio.gather(*(pool.use(task_root) for pool in self._of(function)))

    async def _update(self, function: Function) -> None:
        task_root = await asyncio.to_thread(self._host.layers.task_root, function)
        latest = self._pools[function.name, LATEST]
        if task_root == latest.task_root:
            return
        await latest.use(task_root)
        if function.versions:
            published = function.publish()
            await self._add(published, 0).use(task_root)
            for alias in function.aliases.values():
                alias.version = published.version
            await self._settle(function)

    async def _settle(self, function: Function) -> None:
        """Have environments ready of those versions alone that somebody is sent to."""
        for pool in self._of(function):
            await pool.keep(self._ready_of(function, pool.function.version))

    def _ready_of(self, function: Function, version: str) -> int | None:
        """How many environments of a version are kept ready; None when nobody is sent to it."""
        if version not in ({alias.version for alias in function.aliases.values()} or {LATEST}):
            return None
        return self._warm if function.name in self._awaited else 0

    def _add(self, version: Function, ready: int | None) -> Pool:
        pool = Pool(self._host, version, self._concurrency, ready)
        self._pools[version.name, version.version] = pool
        return pool

    def _of(self, function: Function) -> Iterable[Pool]:
        return [pool for (name, _), pool in self._pools.items() if name == function.name]
