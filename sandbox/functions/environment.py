"""An execution environment: one process of one function, with the code as it was when the process began.

https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtime-environment.html. Not emulated: an environment between two
invocations is not frozen, so what a function leaves running in the background goes on.
"""

import asyncio
import shutil
import time
from abc import ABC, abstractmethod
from collections.abc import Awaitable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from sandbox.functions.errors import FunctionFailed, exited
from sandbox.functions.forks import Forks
from sandbox.functions.layers import Layers, variables
from sandbox.functions.limits import Limits
from sandbox.functions.logs import FunctionLogs, LogStream
from sandbox.functions.ports import Ports
from sandbox.functions.process import FunctionProcess, Leash
from sandbox.functions.runtime_api import Event, RuntimeApi
from sandbox.iam.credentials import Credentials
from sandbox.world import Function, World

T = TypeVar("T")

RUNTIME_CLIENT = "awslambdaric"
"""The module that the managed runtime starts (https://github.com/aws/aws-lambda-python-runtime-interface-client)."""


@dataclass(frozen=True)
class Host:
    """What all environments of a sandbox are made with."""

    world: World
    credentials: Credentials
    logs: FunctionLogs
    layers: Layers
    limits: Limits
    aws_endpoint: str
    ca_file: Path | None
    leash: Leash
    ports: Ports
    forks: Forks | None = None
    """What functions with a Python handler are forked from; without it each has an interpreter of its own."""


class Environment(ABC):
    """Made by the pool: `start`, then one invocation after the other, then `close`."""

    def __init__(self, host: Host, function: Function, task_root: Path) -> None:
        self.host = host
        self.function = function
        self.task_root = task_root
        self.log = LogStream(host.logs, host.world, function)
        self.init_ms: float | None = None
        """How long the INIT phase took, until an invocation has reported it."""
        self.idle_since = time.monotonic()
        self._home = host.layers.home()
        self._process: FunctionProcess | None = None
        self._memory_watch: asyncio.Task[None] | None = None
        self._out_of_memory = False

    @property
    def started(self) -> bool:
        """Whether there is a process."""
        return self._process is not None

    @property
    def process(self) -> FunctionProcess:
        """The process, once `start` has begun it."""
        assert self._process is not None, "start() was not called"
        return self._process

    async def start(self, request_id: str = "") -> None:
        """The INIT phase: begin the process and wait until it asks for work. Raises `FunctionFailed`.

        `request_id` is that of the invocation that needs the environment, if there is one.
        """
        began = time.monotonic()
        function, host = self.function, self.host
        environment = variables(
            function,
            keys=host.credentials.for_role(function.role_arn),
            region=host.world.region,
            endpoint=host.aws_endpoint,
            ca_file=host.ca_file,
            layers=host.layers,
            task_root=self.task_root,
            home=self._home,
        )
        environment["AWS_LAMBDA_LOG_STREAM_NAME"] = self.log.name
        environment.update(await self.connect())
        self._process = await self.launch(environment)
        self._memory_watch = asyncio.create_task(self._watch_memory())
        await self.until_exit(self.ready(), request_id=request_id)
        self.init_ms = (time.monotonic() - began) * 1000

    @abstractmethod
    async def connect(self) -> Mapping[str, str]:
        """Open what the process will talk to; the environment variables that name it."""

    @abstractmethod
    def command(self) -> Sequence[str]:
        """The command line of the process."""

    async def launch(self, environment: Mapping[str, str]) -> FunctionProcess:
        """Begin the process."""
        return await FunctionProcess.start(
            self.command(), cwd=self.task_root, environment=environment, on_line=self.log.write, leash=self.host.leash
        )

    @abstractmethod
    async def ready(self) -> None:
        """Return when the process can take its first invocation."""

    async def until_exit(self, work: Awaitable[T], *, request_id: str) -> T:
        """The result of `work`, or `FunctionFailed` (`Runtime.ExitError`) when the process ends before it."""
        task = asyncio.ensure_future(work)
        try:
            await asyncio.wait({task, self.process.exit}, return_when=asyncio.FIRST_COMPLETED)
            if not task.done():
                raise self.exit_failure(request_id)
            return task.result()
        finally:
            task.cancel()

    def exit_failure(self, request_id: str) -> FunctionFailed:
        """How the process ended, as Lambda says it."""
        return exited(request_id, self.process.exit.result(), out_of_memory=self._out_of_memory)

    async def close(self) -> None:
        """End the process and everything it started; idempotent."""
        if self._memory_watch is not None:
            self._memory_watch.cancel()
        if self._process is not None:
            await self._process.kill()
        shutil.rmtree(self._home, ignore_errors=True)

    async def _watch_memory(self) -> None:
        while self.process.alive:
            used = self.process.memory_megabytes()
            if used is not None and used > self.function.memory_megabytes:
                self._out_of_memory = True
                await self.process.kill()
            await asyncio.sleep(self.host.limits.memory_check_seconds)


class HandlerEnvironment(Environment):
    """A function whose handler is a Python callable, run by the real runtime client."""

    def __init__(self, host: Host, function: Function, task_root: Path) -> None:
        super().__init__(host, function, task_root)
        self._api = RuntimeApi()

    async def connect(self) -> Mapping[str, str]:
        await self._api.start()
        return {"AWS_LAMBDA_RUNTIME_API": self._api.address}

    def command(self) -> Sequence[str]:
        return [str(self.host.layers.bin / "python"), "-m", RUNTIME_CLIENT, self.function.handler]

    async def launch(self, environment: Mapping[str, str]) -> FunctionProcess:
        forks = self.host.forks
        if forks is None or not await forks.can_be(self.task_root, environment):
            return await super().launch(environment)
        return await forks.fork(
            RUNTIME_CLIENT,
            self.function.handler,
            cwd=self.task_root,
            environment=environment,
            on_line=self.log.write,
        )

    async def ready(self) -> None:
        await self._api.ready

    async def invoke(self, event: Event) -> bytes:
        """The JSON that the function returned. Raises `FunctionFailed`."""
        return await self.until_exit(self._api.invoke(event), request_id=event.request_id)

    async def close(self) -> None:
        await super().close()
        await self._api.close()
