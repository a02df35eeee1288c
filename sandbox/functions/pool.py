"""The environments of one function: a warm one is taken, or a cold one is made; each runs one invocation at a time.

https://docs.aws.amazon.com/lambda/latest/dg/lambda-concurrency.html
"""

import asyncio
import contextlib
import logging
import time
from collections import deque
from collections.abc import AsyncGenerator
from dataclasses import dataclass
from pathlib import Path

from sandbox.functions.concurrency import Concurrency, Place
from sandbox.functions.environment import Environment, HandlerEnvironment, Host
from sandbox.functions.errors import FunctionFailed, TooManyStarts, timed_out
from sandbox.functions.report import Report
from sandbox.functions.runtime_api import Event
from sandbox.functions.web_adapter import AdapterSettings, WebEnvironment
from sandbox.world import Function

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Lease:
    """An environment for one invocation, and what the invocation is told."""

    environment: Environment
    event: Event


class Pool:
    """The environments of one version of a function. `ready` of them are kept idle; more come and go with the load."""

    def __init__(self, host: Host, function: Function, concurrency: Concurrency, ready: int | None) -> None:
        """`ready` is None for a version that nobody is sent to: its environments end with their invocation."""
        self.function = function
        self.adapter = AdapterSettings.of(function, host.world.region)
        """How its web server is spoken to; None for a function with a Python handler."""
        self._host = host
        self._concurrency = concurrency
        self._ready = ready
        self.task_root: Path | None = None
        """The code that the next invocation runs; None before there is any."""
        self._idle: list[Environment] = []
        self._waiting: deque[Place] = deque()
        self._all: set[Environment] = set()

    @contextlib.asynccontextmanager
    async def invocation(self, called: str, request_id: str, payload: bytes, trace_id: str) -> AsyncGenerator[Lease]:
        """Everything around one invocation: an environment, the timeout, the lines in the log.

        `called` is the ARN that the function was called by: an alias' own, if it was called by one.
        The block does the work; what it raises as `FunctionFailed` goes on to the caller, and a timeout is raised as
        one. Raises `TooManyRequests` when there is no concurrency left, or no environment in time.
        """
        with self._concurrency.one_more(self.function):
            # An INIT phase that takes too long is begun again within the invocation, on the function's own timeout.
            environment = await self._take(request_id) or self._new()
            report = Report(environment, request_id)
            keep = False
            try:
                async with _deadline(self.function, request_id):
                    if not environment.started:
                        async with self._concurrency.turn():
                            await environment.start(request_id)
                    yield Lease(environment, self._event(called, request_id, payload, trace_id))
                keep = True
            except FunctionFailed as failure:
                report.failure = failure
                keep = failure.reusable
                raise
            finally:
                report.measure()
                if keep and self._usable(environment):
                    self._offer(environment)
                else:
                    await self._close(environment)
                report.write()

    @property
    def ready(self) -> bool:
        """Whether there is code to run."""
        return self.task_root is not None

    async def use(self, task_root: Path) -> None:
        """Run this code from the next invocation on; environments that are busy end when their invocation does."""
        if task_root != self.task_root:
            self.task_root = task_root
            await self._end_idle()
            await self.warm()

    async def keep(self, ready: int | None) -> None:
        """Have so many environments ready from now on; with None all end, the busy ones after their invocation."""
        if ready == self._ready:
            return
        self._ready = ready
        if ready is None:
            await self._end_idle()
        await self.warm()

    async def warm(self) -> None:
        """Start environments until as many as wanted are idle. One that cannot start is logged; invocations will say
        why.
        """
        missing = (self._ready or 0) - len(self._idle)
        await asyncio.gather(*(self._warm_one() for _ in range(missing)))

    @property
    def is_empty(self) -> bool:
        """Whether no environment is left, and no invocation waits for one."""
        return not self._all and not self._waiting

    async def retire(self) -> None:
        """End environments that have been idle for too long, down to those that are kept ready."""
        oldest_allowed = time.monotonic() - self._host.limits.idle_seconds
        while len(self._idle) > (self._ready or 0) and self._idle[0].idle_since < oldest_allowed:
            await self._close(self._idle.pop(0))

    async def kill(self) -> int:
        """Kill the processes that run an invocation, as a crash would; how many."""
        busy = [each for each in self._all.difference(self._idle) if each.started and each.process.alive]
        await asyncio.gather(*(environment.process.kill() for environment in busy))
        return len(busy)

    async def close(self) -> None:
        """End all environments, busy ones too."""
        self._idle = []
        await self._close(*self._all)

    async def _end_idle(self) -> None:
        idle, self._idle = self._idle, []
        await self._close(*idle)

    async def _take(self, request_id: str) -> Environment | None:
        """A warm environment as soon as one is free, or a cold one that was this invocation's turn to start.

        None when its INIT phase took too long. Raises `TooManyStarts` when neither comes in time.
        """
        # The one used last comes first, so that those beyond the need grow old.
        while (environment := self._idle.pop() if self._idle else await self._wait()) is not None:
            if self._usable(environment):
                return environment
            await self._close(environment)
        try:
            return await self._started(request_id)
        finally:
            self._concurrency.started()

    async def _wait(self) -> Environment | None:
        place: Place = asyncio.get_running_loop().create_future()
        self._waiting.append(place)
        self._concurrency.queue(place)
        try:
            await asyncio.wait({place}, timeout=self._host.limits.start_wait_seconds)
        except asyncio.CancelledError:
            if not place.cancel():
                self._give_back(place.result())
            raise
        finally:
            self._waiting.remove(place)
        if place.cancel():
            raise TooManyStarts
        return place.result()

    def _give_back(self, environment: Environment | None) -> None:
        """What came to an invocation in the moment in which it was cancelled is for the next one."""
        if environment is None:
            self._concurrency.started()
        else:
            self._offer(environment)

    def _offer(self, environment: Environment) -> None:
        """Give a free environment to the invocation that has waited longest, if one waits."""
        environment.idle_since = time.monotonic()
        place = next((place for place in self._waiting if not place.done()), None)
        if place is None:
            self._idle.append(environment)
        else:
            place.set_result(environment)

    def _usable(self, environment: Environment) -> bool:
        wanted = self._ready is not None and environment.task_root == self.task_root
        return wanted and environment.started and environment.process.alive

    async def _started(self, request_id: str = "") -> Environment | None:
        """A new environment after its INIT phase; None when that took too long."""
        environment = self._new()
        limit = asyncio.timeout(self._host.limits.init_seconds)
        try:
            async with limit:
                await environment.start(request_id)
        except BaseException as error:
            await self._close(environment)
            if not (isinstance(error, TimeoutError) and limit.expired()):
                raise
            milliseconds = self._host.limits.init_seconds * 1000
            environment.log.write(f"INIT_REPORT Init Duration: {milliseconds:.2f} ms\tPhase: init\tStatus: timeout")
            return None
        return environment

    async def _warm_one(self) -> None:
        try:
            async with self._concurrency.turn():
                environment = await self._started()
        except FunctionFailed as failure:
            _log.warning("No environment of %s could be started ahead: %s", self.function.name, failure)
            return
        if environment is not None and self._usable(environment):
            self._offer(environment)
        elif environment is not None:
            await self._close(environment)

    def _new(self) -> Environment:
        assert self.task_root is not None, "use() was not called"
        if self.adapter is None:
            environment = HandlerEnvironment(self._host, self.function, self.task_root)
        else:
            environment = WebEnvironment(self._host, self.function, self.task_root, self.adapter)
        self._all.add(environment)
        return environment

    async def _close(self, *environments: Environment) -> None:
        await asyncio.gather(*(environment.close() for environment in environments))
        # Afterwards: what a cancellation interrupts is closed by close().
        self._all.difference_update(environments)

    def _event(self, called: str, request_id: str, payload: bytes, trace_id: str) -> Event:
        deadline_ms = int((time.time() + self.function.timeout_seconds) * 1000)
        return Event(request_id, payload, deadline_ms, called, trace_id)


@contextlib.asynccontextmanager
async def _deadline(function: Function, request_id: str) -> AsyncGenerator[None]:
    limit = asyncio.timeout(function.timeout_seconds)
    try:
        async with limit:
            yield
    except TimeoutError:
        if not limit.expired():
            raise
        raise timed_out(request_id, function.timeout_seconds) from None
