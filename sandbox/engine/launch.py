"""The program's process, seen from the sandbox. It starts before its job is known: importing Pulumi takes a while."""

import asyncio
import contextlib
import json
import os
import signal
import sys
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Self

from sandbox.environment import without_account

KILL_SECONDS = 5
"""How long a program that was told to end may take."""


@dataclass(frozen=True)
class Job:
    """What to run, and for whom. `engine` is the host and port of the monitor."""

    project: str
    stack: str
    root: str
    program: str
    """The file or folder of `main:`, absolute."""
    engine: str
    config: Mapping[str, str]
    secret_keys: tuple[str, ...]
    files: str
    """Where the program leaves a JSON list of the files that it is made of."""

    def to_line(self) -> str:
        """As `from_line` reads it, with its line break."""
        return json.dumps(asdict(self)) + "\n"

    @classmethod
    def from_line(cls, line: str) -> Self:
        """The job in a line of JSON."""
        return cls(**json.loads(line))


class ProgramProcess:
    """`python -m sandbox.engine.program`, from `start` to its end or `stop`. What it prints goes to `log`."""

    def __init__(self, log: Path) -> None:
        self.log = log
        self.list_of_files = log.with_suffix(".files.json")
        self.began = 0
        """When it was given its job; nanoseconds since the epoch."""
        self._process: asyncio.subprocess.Process | None = None

    async def start(self) -> None:
        """Start the process; it waits for its job."""
        with self.log.open("ab") as output:
            self._process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-P", "-m", "sandbox.engine.program"),
                stdin=asyncio.subprocess.PIPE,
                stdout=output,
                stderr=output,
                # gRPC would send even loopback through the caller's HTTP proxy.
                env=without_account(os.environ) | {"no_grpc_proxy": "127.0.0.1"},
                start_new_session=True,
            )

    async def run(self, job: Job) -> int:
        """Hand over the job and wait for the end; the exit code."""
        process = self._process
        assert process is not None, "start() was not called"
        assert process.stdin is not None
        self.list_of_files.unlink(missing_ok=True)
        self.began = time.time_ns()
        process.stdin.write(job.to_line().encode())
        with contextlib.suppress(ConnectionError):
            await process.stdin.drain()
        return await process.wait()

    def files(self) -> frozenset[Path]:
        """What it was made of, absolute; none when it was killed."""
        try:
            return frozenset(map(Path, json.loads(self.list_of_files.read_bytes())))
        except FileNotFoundError:
            return frozenset()

    async def stop(self) -> None:
        """End a program that still runs, with the package builds that it started: they are one process group."""
        for number in (signal.SIGTERM, signal.SIGKILL):
            if self._process is None or self._process.returncode is not None:
                return
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._process.pid, number)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._process.wait(), KILL_SECONDS)
