"""Processes of Python functions as forks of one process that has the managed runtime's libraries loaded.

Each environment with an interpreter of its own would import boto3 anew, and keep a copy of it. What a function brings,
its code and the dependencies in its package, each fork still imports by itself; so a cold start shows what that costs.
Only Linux forks: macOS's own frameworks may not survive it
(https://docs.python.org/3/library/multiprocessing.html#contexts-and-start-methods).
"""

import asyncio
import contextlib
import json
import os
import signal
import socket
import sys
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from sandbox.functions.process import FunctionProcess, Leash, Output

SCRIPT = Path(__file__).with_name("runtime_parent.py")
SUPPORTED = sys.platform == "linux"
MESSAGE_BYTES = 65_536

_READ_ONCE = ("PYTHON", "LD_", "LC_", "LANG", "TZ", "PATH", "MALLOC_", "GLIBC_", "OPENSSL_")
"""Beginnings of variables that an interpreter, or a library it links, reads when it starts, and not again."""


class Forks:
    """The parent process and all its forks, from `start` to `close`."""

    def __init__(self, leash: Leash, on_line: Callable[[str], None]) -> None:
        self._leash = leash
        self._on_line = on_line
        """Gets what the parent itself writes: why it does not work."""
        self._environment: Mapping[str, str] = {}
        self._runtime = Path()
        self._parent: FunctionProcess | None = None
        self._control: socket.socket | None = None
        self._ready: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        self._asked: deque[asyncio.Future[tuple[int, asyncio.Future[int]]]] = deque()
        self._exits: dict[int, asyncio.Future[int]] = {}

    async def start(
        self, python: Path, runtime: Path, libraries: Sequence[str], environment: Mapping[str, str]
    ) -> None:
        """Start the parent with the interpreter that functions get, and what is the same in their environments.

        It loads `libraries`, modules in the folder `runtime`. Does nothing where forking is not supported.
        """
        if not SUPPORTED:
            self._ready.set_result(False)
            return
        self._runtime, self._environment = runtime, environment
        self._control, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        asyncio.get_running_loop().add_reader(self._control, self._read)
        with theirs:
            keep = (theirs.fileno(), self._leash.reading_end.fileno())
            self._parent = await FunctionProcess.start(
                [str(python), str(SCRIPT), *map(str, keep), *libraries],
                cwd=runtime,
                environment=environment,
                on_line=self._on_line,
                leash=self._leash,
                keep=keep,
            )
        self._parent.exit.add_done_callback(lambda _: self._alone())

    async def can_be(self, task_root: Path, environment: Mapping[str, str]) -> bool:
        """Whether a fork would be to this function what a new interpreter is.

        It would not if an interpreter of its own read other variables at its start, or if its package holds another
        version of what is loaded already.
        """
        variables = {*environment, *self._environment}
        once = (name for name in variables if name.startswith(_READ_ONCE))
        return (
            await asyncio.shield(self._ready)
            and all(environment.get(name) == self._environment.get(name) for name in once)
            and not _shadowed(task_root, self._runtime)
        )

    async def fork(
        self, module: str, *arguments: str, cwd: Path, environment: Mapping[str, str], on_line: Callable[[str], None]
    ) -> FunctionProcess:
        """What `FunctionProcess.start` would make of `python -m <module> <arguments>`. Raises OSError."""
        assert self._control is not None, "can_be() was not asked"
        request = {"module": module, "arguments": arguments, "directory": str(cwd), "environment": dict(environment)}
        loop = asyncio.get_running_loop()
        output = Output(on_line)
        reading_end, writing_end = os.pipe()
        pipe = os.fdopen(reading_end, "rb", 0)
        try:
            try:
                socket.send_fds(self._control, [json.dumps(request).encode()], [writing_end])
            finally:
                os.close(writing_end)
            asked: asyncio.Future[tuple[int, asyncio.Future[int]]] = loop.create_future()
            self._asked.append(asked)
            pid, exit = await asked
        except BaseException:
            pipe.close()
            raise
        transport, _ = await loop.connect_read_pipe(lambda: _Pipe(output), pipe)
        return FunctionProcess(pid, exit, output, transport)

    async def close(self) -> None:
        """End the parent. Its forks are killed by whoever has them."""
        if self._parent is not None:
            await self._parent.kill()
            self._alone()

    def _read(self) -> None:
        assert self._control is not None
        message = self._control.recv(MESSAGE_BYTES)
        if not message:
            self._alone()
            return
        match json.loads(message):
            case {"ready": True}:
                self._ready.set_result(True)
            case {"started": int(pid)}:
                self._exits[pid] = asyncio.get_running_loop().create_future()
                asked = self._asked.popleft()
                if asked.done():  # whoever asked was cancelled
                    _kill(pid)
                else:
                    asked.set_result((pid, self._exits[pid]))
            case {"refused": str(reason)}:
                _fail(self._asked.popleft(), OSError(reason))
            case {"ended": int(pid), "code": int(code)}:
                self._exits.pop(pid).set_result(code)
            case other:
                raise AssertionError(f"runtime_parent.py said {other}")

    def _alone(self) -> None:
        """The parent is gone, and nobody else can say when a fork ends: so all end now. Later ones are not forks."""
        if self._control is None:
            return
        asyncio.get_running_loop().remove_reader(self._control)
        self._control.close()
        self._control = None
        if self._ready.done():
            self._ready = asyncio.get_running_loop().create_future()
        self._ready.set_result(False)
        for asked in self._asked:
            _fail(asked, OSError("the parent of this process is gone"))
        for pid, exit in self._exits.items():
            _kill(pid)
            exit.set_result(-signal.SIGKILL)


class _Pipe(asyncio.Protocol):
    def __init__(self, output: Output) -> None:
        self._output = output

    def data_received(self, data: bytes) -> None:
        self._output.feed(data)

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002
        self._output.drained.set_result(None)


def _shadowed(task_root: Path, runtime: Path) -> bool:
    """Whether the package holds a module of its own by the name of one that a fork has loaded, or may have."""
    loaded = {path.name.partition(".")[0] for path in runtime.iterdir()} | sys.stdlib_module_names
    same = {path.name.partition("-")[0] for path in task_root.glob("*.dist-info") if (runtime / path.name).exists()}
    brought = {path.name.partition(".")[0] for path in task_root.iterdir() if path.suffix != ".dist-info"}
    return bool(brought & loaded - same - {"__pycache__"})


def _fail(asked: "asyncio.Future[tuple[int, asyncio.Future[int]]]", error: OSError) -> None:
    if not asked.done():
        asked.set_exception(error)


def _kill(pid: int) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, signal.SIGKILL)
