"""Lambda, as the rest of the sandbox sees it: functions of the `World` are invoked here, by name or ARN.

A qualifier says which version or alias is called: `<ARN>:live`; without one it is `$LATEST`.

https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html
"""

import asyncio
import json
import logging
from collections.abc import Coroutine
from functools import partial
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urlsplit

from sandbox.functions.concurrency import Concurrency
from sandbox.functions.environment import HandlerEnvironment, Host
from sandbox.functions.errors import (
    FunctionFailed,
    FunctionNotFound,
    FunctionPending,
    InvalidRequestContent,
    InvokeRefused,
    NotEmulated,
    PayloadTooLarge,
    TooManyRequests,
    TooManyStarts,
)
from sandbox.functions.event_faults import EventFaults
from sandbox.functions.events import Events, Invocation
from sandbox.functions.forks import Forks
from sandbox.functions.ids import new_request_id, new_trace_id
from sandbox.functions.layers import Layers, Packages, ProjectPackages
from sandbox.functions.limits import EVENT_BYTES, REQUEST_BYTES, Limits
from sandbox.functions.logs import FunctionLogs
from sandbox.functions.payload import checked
from sandbox.functions.ports import Ports
from sandbox.functions.process import Leash
from sandbox.functions.rollout import Rollout
from sandbox.functions.schedules import Schedules
from sandbox.functions.versions import Versions
from sandbox.functions.web_adapter import WebRequest
from sandbox.functions.web_stream import StreamedBody, WebResponse, exchange
from sandbox.iam.credentials import Credentials
from sandbox.options import SandboxOptions
from sandbox.world import Alias, Callee, Function, World

__all__ = [
    "FunctionFailed",
    "FunctionNotFound",
    "FunctionPending",
    "FunctionService",
    "InvalidRequestContent",
    "Invocation",
    "InvokeRefused",
    "NotEmulated",
    "PayloadTooLarge",
    "StreamedBody",
    "TooManyRequests",
    "TooManyStarts",
    "WebRequest",
    "WebResponse",
]

T = TypeVar("T")
_log = logging.getLogger(__name__)


class FunctionService:
    """The functions of one sandbox. `start` after the program ran, `stop` at the end."""

    def __init__(
        self,
        world: World,
        options: SandboxOptions,
        credentials: Credentials,
        logs: FunctionLogs,
        aws_endpoint: str,
        *,
        ca_file: Path | None = None,
        packages: Packages | None = None,
        limits: Limits | None = None,
    ) -> None:
        """`ca_file` is the certificate authority that functions must trust to reach the sandbox, if it speaks TLS."""
        port = urlsplit(world.origin).port or options.port
        leash = Leash()
        self._forks = Forks(leash, lambda line: _log.warning("The process that functions are forked from: %s", line))
        self._world = world
        self._options = options
        self._limits = limits or Limits(time_scale=options.time_scale)
        self._host = Host(
            world=world,
            credentials=credentials,
            logs=logs,
            layers=Layers(
                packages or ProjectPackages(options.project_root), options.state_root / str(port) / "functions"
            ),
            limits=self._limits,
            aws_endpoint=aws_endpoint,
            ca_file=ca_file,
            leash=leash,
            forks=self._forks,
            ports=Ports(port),
        )
        self._concurrency = Concurrency(world, self._limits)
        self.event_faults = EventFaults()
        """How the next events go wrong."""
        self._events = Events(world, self._limits, self._attempt, self.invoke_event)
        self._schedules = Schedules(world, self._limits, self.invoke_event, self._concurrency.runs)
        self._versions = Versions(self._host, self._concurrency, options.warm_workers)
        self._tasks: set[asyncio.Task[Any]] = set()
        self.rollout = Rollout(self._host, self._forks, self._versions, self._schedules, self._spawn)
        """Has functions follow the World."""

    async def start(self) -> None:
        """Lay out the code of every function, warm `options.warm_workers` environments of each that is waited for,
        start the schedules and watch the code.

        Raises as `Rollout.apply` does.
        """
        self._spawn(self._retire())
        await self.rollout.apply()
        self._spawn(self._schedules.run())

    def callee(self, called: str) -> Callee:
        """What is called by a name or an ARN. Raises `FunctionNotFound`."""
        try:
            return self._world.callee(called)
        except KeyError:
            arn = called if called.startswith("arn:") else self._world.function_arn(called)
            raise FunctionNotFound(arn) from None

    def adapted(self, called: str) -> bool:
        """Whether the function is a web server behind the Web Adapter: requests for it go to `web`.

        Raises `InvokeRefused`.
        """
        return self._versions.pool(self.callee(called).function).adapter is not None

    async def invoke(self, called: str, payload: bytes, *, request_id: str | None = None) -> Invocation:
        """Invoke and wait for the answer. An empty payload is `{}`. Raises `InvokeRefused`."""
        callee = self.callee(called)
        event = checked(payload, REQUEST_BYTES)
        # A caller that goes away does not end the invocation.
        return await asyncio.shield(self._spawn(self._attempt(callee.arn, request_id or new_request_id(), event)))

    def invoke_event(self, called: str, payload: bytes) -> str:
        """Invoke and do not wait; the request id. Raises `InvokeRefused`, but never `TooManyRequests`."""
        callee = self.callee(called)
        event = checked(payload, EVENT_BYTES)
        request_id = new_request_id()
        deliver, give_up = (
            partial(act, callee, request_id, event) for act in (self._events.deliver, self._events.give_up)
        )
        self._spawn(self.event_faults.carry(callee.function.name, deliver, give_up))
        return request_id

    async def kill(self, prefix: str) -> int:
        """Kill the processes that run an invocation of a function whose name begins with `prefix`; how many."""
        return await self._versions.kill(prefix)

    async def update_alias(self, function: Function, alias: Alias, version: str) -> None:
        """Have an alias run another version from the next invocation on. Raises `InvokeRefused`."""
        try:
            await self._versions.move(function, alias, version)
        except KeyError:
            raise FunctionNotFound(f"{function.arn}:{version}") from None

    async def web(self, called: str, request: WebRequest, *, streamed: bool) -> WebResponse:
        """One HTTP exchange with a function behind the Web Adapter.

        With `streamed`, and an adapter that streams as well, the answer is there as soon as its head is; else when it
        is complete. Raises `InvokeRefused`, or `FunctionFailed` when the function failed before its first byte. Call
        `body.abandon()` when the body is not read to its end: the function runs on.
        """
        callee = self.callee(called)
        pool = self._versions.pool(callee.function)
        if pool.adapter is None:
            raise NotEmulated(f"{callee.function.name} has no Web Adapter: the sandbox cannot send it a request.")
        if len(request.body) > REQUEST_BYTES:
            raise PayloadTooLarge(REQUEST_BYTES)
        head: asyncio.Future[WebResponse] = asyncio.get_running_loop().create_future()
        self._spawn(exchange(pool, callee.arn, request, streamed=streamed and pool.adapter.streams, head=head))
        try:
            return await asyncio.shield(head)
        except asyncio.CancelledError:
            head.add_done_callback(_abandon)
            raise

    async def stop(self) -> None:
        """End every invocation, every process and every task; remove the staged code."""
        while self._tasks:
            for task in self._tasks:
                task.cancel()
            await asyncio.wait(self._tasks)
            await asyncio.sleep(0)  # the tasks' own callbacks take them off the set
        await self._versions.close()
        await self._forks.close()
        self._host.leash.close()
        await asyncio.to_thread(self._host.layers.remove)

    async def _attempt(self, called: str, request_id: str, event: bytes) -> Invocation:
        callee = self.callee(called)
        version = callee.function
        pool = self._versions.pool(version)
        if pool.adapter is not None:
            raise NotEmulated(
                f"{version.name} is a web server behind the Web Adapter: the sandbox invokes it by its URL only."
            )
        try:
            async with pool.invocation(callee.arn, request_id, event, new_trace_id()) as lease:
                assert isinstance(lease.environment, HandlerEnvironment)
                answer = await lease.environment.invoke(lease.event)
        except FunctionFailed as failure:
            return Invocation(request_id, json.dumps(failure.document).encode(), "Unhandled", version.version)
        return Invocation(request_id, answer, None, version.version)

    async def _retire(self) -> None:
        while True:
            await asyncio.sleep(self._limits.idle_seconds / 4)
            await self._versions.retire()

    def _spawn(self, work: Coroutine[Any, Any, T]) -> "asyncio.Task[T]":
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task


def _abandon(head: "asyncio.Future[WebResponse]") -> None:
    """Whoever asked is gone: drain the answer, and take note of a failure so that asyncio does not."""
    if not head.cancelled() and head.exception() is None:
        head.result().body.abandon()
