"""moto as a child process: it keeps DynamoDB and Cognito, and serves what else a function calls and moto knows."""

import asyncio
import contextlib
import os
import sys
from concurrent.futures import Future
from pathlib import Path

from sandbox.environment import without_account
from sandbox.errors import ServiceFailed
from sandbox.world import ACCOUNT_ID

START_SECONDS = 60


class Moto:
    """The process, from `start` to `stop`. What it prints as errors goes to `log`."""

    def __init__(self, log: Path) -> None:
        self.url: Future[str] = Future()
        """Where it answers, without a trailing slash; ServiceFailed if it never will. Set by `answering` and `stop`."""
        self._log = log
        self._process: asyncio.subprocess.Process | None = None

    async def start(self) -> None:
        """Start the process."""
        with self._log.open("ab") as errors:
            self._process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-P", "-m", "sandbox.aws.moto_process"),
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=errors,
                env=without_account(os.environ) | {"MOTO_ACCOUNT_ID": ACCOUNT_ID},
                start_new_session=True,
            )

    async def answering(self) -> None:
        """Wait until the process answers. Raises ServiceFailed."""
        process = self._process
        assert process is not None, "start() was not called"
        assert process.stdout is not None
        try:
            line = await asyncio.wait_for(process.stdout.readline(), START_SECONDS)
        except TimeoutError:
            line = b""
        if not line.strip().isdigit():
            failure = ServiceFailed(f"moto, which keeps DynamoDB and Cognito, did not start; see {self._log}")
            self.url.set_exception(failure)
            raise failure
        self.url.set_result(f"http://127.0.0.1:{int(line)}")

    async def stop(self) -> None:
        """End the process; whoever still waits for `url` is told."""
        if not self.url.done():
            self.url.set_exception(ServiceFailed("moto was stopped before it answered"))
        if self._process is None or self._process.returncode is not None:
            return
        with contextlib.suppress(ProcessLookupError):
            self._process.kill()
        await self._process.wait()
