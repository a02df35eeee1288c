"""One process of a function, with everything it starts: begun in a session of its own, killed as a group.

A process outlives neither `kill()` nor the sandbox. Its group holds a guard that waits on a pipe of which the sandbox
keeps the only writing end: when the sandbox is gone, even by SIGKILL, the guard reads the end and kills its group.
(`PR_SET_PDEATHSIG` would need code between fork and exec, and exists on Linux alone.)
"""

import asyncio
import contextlib
import os
import re
import signal
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import cast

MAX_LINE_BYTES = 262_144
"""An event of CloudWatch Logs (https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/cloudwatch_limits_cwl.html);
a longer line becomes several."""

DRAIN_SECONDS = 1
"""How long the output of a killed group is waited for."""

_GUARDED = """
exec 3<&0 </dev/null
( (read -r end <&3; kill -KILL 0) >/dev/null 2>&1 & )
exec "$@" 3<&-
"""

_PEAK_MEMORY = re.compile(r"^VmHWM:\s+(\d+) kB$", re.MULTILINE)
_MEMORY = re.compile(r"^VmRSS:\s+(\d+) kB$", re.MULTILINE)
_KILOBYTES_PER_MEGABYTE = 1024


class Leash:
    """The pipe that ties processes to the sandbox: closing it, or dying, ends them all."""

    def __init__(self) -> None:
        reading_end, writing_end = os.pipe()
        self.reading_end = os.fdopen(reading_end, "rb")
        """The guards' standard input."""
        self._writing_end = os.fdopen(writing_end, "wb")

    def close(self) -> None:
        """End every process that was started with this leash; idempotent."""
        self._writing_end.close()
        self.reading_end.close()


class Output:
    """Cuts what a process writes into lines as it arrives, in the very turn of the loop in which it does."""

    def __init__(self, on_line: Callable[[str], None]) -> None:
        self.drained: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        """Done when nobody holds the writing end any more."""
        self._on_line = on_line
        self._rest = b""

    def feed(self, data: bytes) -> None:
        """Take what was read."""
        *lines, rest = (self._rest + data).split(b"\n")
        while len(rest) >= MAX_LINE_BYTES:
            lines.append(rest[:MAX_LINE_BYTES])
            rest = rest[MAX_LINE_BYTES:]
        self._rest = rest
        for line in lines:
            self._on_line(line.decode("utf-8", "replace"))

    def flush(self) -> None:
        """Hand on a last line that had no break."""
        if self._rest:
            self._on_line(self._rest.decode("utf-8", "replace"))
            self._rest = b""


class FunctionProcess:
    """A running process group, the process `pid` at its head. Made by `start`, or by `forks.Forks`."""

    def __init__(self, pid: int, exit: "asyncio.Future[int]", output: Output, transport: asyncio.BaseTransport) -> None:
        self.pid = pid
        self.exit = exit
        """Done when the process has ended, with its return code (negative: the signal that ended it)."""
        self._output = output
        self._transport = transport
        self._killed = False

    @classmethod
    async def start(
        cls,
        command: Sequence[str],
        *,
        cwd: Path,
        environment: Mapping[str, str],
        on_line: Callable[[str], None],
        leash: Leash,
        keep: Sequence[int] = (),
    ) -> "FunctionProcess":
        """Start `command` with exactly this environment; `on_line` gets each line of its output, without the break.

        Of the sandbox's file descriptors it gets those in `keep`, and no others.
        """
        transport, protocol = await asyncio.get_running_loop().subprocess_exec(
            lambda: _Protocol(on_line),
            "/bin/sh",
            "-c",
            _GUARDED,
            "sh",
            *command,
            stdin=leash.reading_end,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
            cwd=cwd,
            env=environment,
            start_new_session=True,
            pass_fds=keep,
        )
        return cls(transport.get_pid(), protocol.exit, protocol.output, transport)

    @property
    def alive(self) -> bool:
        """Whether the process still runs."""
        return not self.exit.done()

    async def kill(self) -> None:
        """Kill the whole group, also what is left of it after the process itself ended, and wait for the end."""
        if not self._killed:  # once, for afterwards the number may be another group's
            self._killed = True
            # macOS answers EPERM for a group of which only zombies are left.
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self.pid, signal.SIGKILL)
        await asyncio.wait({self.exit})
        # What it wrote last is still in the pipe. Whoever left the group may hold that open, so do not wait for ever.
        await asyncio.wait({self._output.drained}, timeout=DRAIN_SECONDS)
        self._transport.close()
        self._output.flush()

    def memory_megabytes(self) -> int | None:
        """Resident memory now; None where the system does not tell (no /proc)."""
        return self._status(_MEMORY)

    def peak_memory_megabytes(self) -> int | None:
        """The most resident memory so far; None where the system does not tell."""
        return self._status(_PEAK_MEMORY)

    def processor_seconds(self) -> float | None:
        """How long all its threads have worked so far; None where the system does not tell (no /proc)."""
        try:
            stat = Path(f"/proc/{self.pid}/stat").read_text()
        except (FileNotFoundError, ProcessLookupError):
            return None
        user, system = stat.rpartition(")")[2].split()[
            11:13
        ]  # https://man7.org/linux/man-pages/man5/proc_pid_stat.5.html
        return (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")

    def _status(self, field: re.Pattern[str]) -> int | None:
        try:
            found = field.search(Path(f"/proc/{self.pid}/status").read_text())
        except (FileNotFoundError, ProcessLookupError):
            return None
        return None if found is None else -(-int(found[1]) // _KILOBYTES_PER_MEGABYTE)


class _Protocol(asyncio.SubprocessProtocol):
    """Hears from asyncio of the output and of the end."""

    def __init__(self, on_line: Callable[[str], None]) -> None:
        self.exit: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        self.output = Output(on_line)
        self._transport: asyncio.SubprocessTransport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.SubprocessTransport", transport)

    def pipe_data_received(self, fd: int, data: bytes) -> None:  # noqa: ARG002
        self.output.feed(data)

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002
        self.output.drained.set_result(None)

    def process_exited(self) -> None:
        assert self._transport is not None
        return_code = self._transport.get_returncode()
        assert return_code is not None
        if not self.exit.done():
            self.exit.set_result(return_code)
