"""An edit of the program takes effect in the running sandbox: the program runs again, and what differs is applied.

Each run says which files it was made of (`sandbox.engine.sources`): an edit of one of them is an edit of the program.
"""

import logging
import time
from collections.abc import Callable
from contextlib import aclosing
from pathlib import Path
from typing import TYPE_CHECKING

from watchfiles import awatch  # pyright: ignore[reportUnknownVariableType]  (its optional trio types)

from sandbox.engine.launch import ProgramProcess
from sandbox.engine.project import Config, Project, load
from sandbox.engine.resource import Deployment
from sandbox.errors import SandboxError
from sandbox.functions.watcher import DEBOUNCE_MS
from stacks.packages.locked import BUILD_FOLDER

if TYPE_CHECKING:
    from sandbox.services import Services

SEEN_WITHIN_MS = 1_000
"""After so long an edit is seen that came before the folders were watched."""

_log = logging.getLogger(__name__)
_log.setLevel(logging.INFO)


class ProgramReload:
    """Follows the program of `root`, until `run` is cancelled. `on_deployed` is told what a good run registered."""

    def __init__(
        self,
        services: "Services",
        root: Path,
        configured: Callable[[Project], Config],
        *,
        on_progress: Callable[[str], None],
        on_deployed: Callable[[Deployment], object],
    ) -> None:
        self._services = services
        self._root = root
        self._configured = configured
        self._on_progress = on_progress
        self._on_deployed = on_deployed

    async def run(self, program: ProgramProcess) -> None:
        """Deploy after each edit since `program` ran, which has ended well."""
        files, since, failed = self._files(program), program.began, False
        while True:
            await _edited(files, since, any_module=failed)
            program, since = ProgramProcess(program.log), time.time_ns()
            failed = not await self._deploy(program)
            # A program that fails has read less than it would have.
            files = files | self._files(program) if failed else self._files(program)

    def _files(self, program: ProgramProcess) -> frozenset[Path]:
        """What it was made of, without what it had made for itself: packages, and locked requirements."""
        built = self._root.resolve() / BUILD_FOLDER
        return frozenset(file for file in program.files() if not file.is_relative_to(built))

    async def _deploy(self, program: ProgramProcess) -> bool:
        """Whether what the program says now is deployed."""
        try:
            project = load(self._root)
            config = self._configured(project)
            await program.start()
            try:
                deployment, counts = await self._services.deploy_again(
                    project, config, program, on_progress=self._on_progress
                )
            finally:
                await program.stop()
        except SandboxError as error:
            self._tell(f"the program was edited, and what was deployed before stays: {error}")
        except Exception as error:
            _log.exception("an edit of the program could not be deployed")
            self._tell(f"the program was edited, and could not be deployed: {error!r}; see sandbox.log")
        else:
            self._on_deployed(deployment)
            self._tell(f"the program was edited: {counts}")
            return True
        return False

    def _tell(self, message: str) -> None:
        _log.info(message)
        self._on_progress(message)


async def _edited(files: frozenset[Path], since: int, *, any_module: bool) -> None:
    """Return after an edit of one of these files, or with `any_module` of any Python file beside one.

    `since` is a time in nanoseconds: what was edited after it counts.
    """
    folders = {file.parent for file in files}
    watching = awatch(
        *(folder for folder in folders if folder.is_dir()),
        debounce=DEBOUNCE_MS,
        step=20,
        recursive=False,
        rust_timeout=SEEN_WITHIN_MS,
        yield_on_timeout=True,
    )
    async with aclosing(watching):
        async for changes in watching:
            changed = [Path(path) for _, path in changes]
            if any(path in files or (any_module and path.suffix == ".py") for path in changed):
                return
            # A file of the future would be new for ever.
            if any(since < _modified(file) <= time.time_ns() for file in files):
                return


def _modified(file: Path) -> int:
    try:
        return file.stat().st_mtime_ns
    except FileNotFoundError:
        return 0
