"""Has the page built by a process of its own, the first time that somebody asks for it."""

import asyncio
import contextlib
import os
import signal
import sys
from pathlib import Path

from stacks.packages.page import bundle_folder


class Builder:
    """The bundle of one project's page. What was built for these sources before is there at once."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._bundle = bundle_folder(root)
        self._building: asyncio.Task[None] | None = None
        self.problem: str | None = None
        """Why there is no page: one line, once a build has failed."""

    def bundle(self) -> Path | None:
        """The folder with the page; None while it is built, which the first call begins, or could not be."""
        if self._bundle.is_dir():
            return self._bundle
        if self._building is None:
            self._building = asyncio.create_task(self._build())
        return None

    async def stop(self) -> None:
        """End a build that is under way, with all its processes."""
        if self._building is not None:
            self._building.cancel()
            await asyncio.wait([self._building])

    async def _build(self) -> None:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-P", "-m", "stacks.packages.page", str(self._root)),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            start_new_session=True,
        )
        try:
            _, errors = await process.communicate()
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
        if process.returncode:
            lines = errors.decode("utf-8", "replace").strip().splitlines()
            self.problem = lines[-1] if lines else f"the build ended with exit code {process.returncode}"
