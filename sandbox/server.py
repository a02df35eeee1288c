"""One sandbox from start to stop: its port and folder, its processes, and the services in one event loop."""

import asyncio
import logging
import os
import sys
import sysconfig
from collections.abc import Callable, Mapping
from contextlib import AsyncExitStack
from datetime import UTC, datetime
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, cast

from sandbox import ports
from sandbox.aws.moto import Moto
from sandbox.configuration import configuration
from sandbox.engine.launch import ProgramProcess
from sandbox.engine.project import load
from sandbox.errors import SandboxError, one_line
from sandbox.options import SandboxOptions
from sandbox.page.site import Site
from sandbox.reload import ProgramReload
from sandbox.resources.values import Value
from sandbox.state import State
from sandbox.tls import make_certificate
from sandbox.world import World

if TYPE_CHECKING:
    from sandbox.http_server import HttpServer
    from sandbox.services import Services

DEFAULT_REGION = "us-east-1"

_log = logging.getLogger(__name__)


class Sandbox:
    """Everything from `start` to `stop`. `on_progress` gets lines for a person, also from other threads."""

    def __init__(
        self, options: SandboxOptions, *, on_progress: Callable[[str], None], request_stop: Callable[[], None]
    ) -> None:
        self.options = options
        self._on_progress = on_progress
        self._request_stop = request_stop
        self._running = AsyncExitStack()
        self._folder = options.state_root

    async def start(self) -> State:
        """Deploy the program and serve it. Raises SandboxError; nothing of a failed start is left."""
        try:
            return await self._start()
        except (SandboxError, asyncio.CancelledError):
            await self.stop()
            raise
        except Exception as error:
            _log.exception("the start failed")
            await self.stop()
            reason = one_line(f"{type(error).__name__}: {error}")
            raise SandboxError(f"the sandbox failed: {reason}; see {self._folder / 'sandbox.log'}") from error

    async def stop(self) -> None:
        """End every process and every connection, remove the state file, and free the port. May be called twice."""
        await self._running.aclose()

    async def _start(self) -> State:
        options, running = self.options, self._running
        project = load(options.project_root)
        listener, claim = ports.take(options)
        self._folder = claim.path
        running.callback(claim.release)
        running.callback(listener.close)
        running.callback(_log_to(claim.path / "sandbox.log"))
        port: int = listener.getsockname()[1]
        if port != options.port:
            self._on_progress(f"port {options.port} is in use, taking {port}")
        certificate = make_certificate(claim.path / "tls") if options.tls else None
        scheme = "https" if certificate else "http"
        origin = f"{scheme}://{ports.LOOPBACK}:{port}"
        site = Site.of(options, port, scheme)
        if site is not None:
            running.callback(site.listener.close)
        self._on_progress(
            f"waiting for a Pulumi engine to deploy {project.name} into {origin}"
            if options.provider
            else f"deploying {project.name} into {origin}"
        )
        config = configuration(project, options.stack, options.config, origin, site and site.origin)

        program, moto = ProgramProcess(claim.path / "program.log"), Moto(claim.path / "moto.log")
        running.push_async_callback(program.stop)
        running.push_async_callback(moto.stop)
        if not options.provider:
            await program.start()
        await moto.start()
        http_server_class, services_class = await asyncio.to_thread(_import_services)
        world = World(config.values.get("aws:region", DEFAULT_REGION), origin)
        built = services_class(
            options,
            project,
            world,
            moto,
            claim.path,
            ca_file=certificate and certificate.authority,
            running=running,
            request_stop=self._request_stop,
        )
        server = http_server_class(built.application, listener, certificate)
        running.push_async_callback(server.stop)
        await server.start()
        control = built.control
        if site is not None:
            await site.serve(options, control.usernames, built.page_routes, http_server_class, certificate, running)
        started_at = datetime.now(UTC).isoformat(timespec="seconds")

        def publish(outputs: Mapping[str, Value], provider_port: int | None = None) -> State:
            functions = tuple(world.functions.values())
            state = State(
                pid=os.getpid(),
                port=port,
                origin=origin,
                control_key=control.key,
                started_at=started_at,
                region=world.region,
                outputs=site.publish(outputs) if site else outputs,
                credentials=built.credentials.administrator,
                users=tuple(control.users.all) if control.users else (),
                ca_file=str(certificate.authority) if certificate else None,
                function_seconds={function.name: function.timeout_seconds for function in functions},
                time_scale=options.time_scale,
                provider_port=provider_port,
            )
            claim.publish(state)
            return state

        if options.provider:
            state = publish({}, await built.serve_provider(lambda port: publish({}, port)))
        else:
            reload = ProgramReload(
                built,
                options.project_root,
                lambda project: configuration(project, options.stack, options.config, origin, site and site.origin),
                on_progress=self._on_progress,
                on_deployed=lambda deployment: publish(deployment.outputs),
            )
            state = publish((await built.deploy(config, program, on_progress=self._on_progress)).outputs)
            running.push_async_callback(_cancelled, asyncio.create_task(reload.run(program)))
        control.ready = True
        return state


async def _cancelled(task: "asyncio.Task[None]") -> None:
    """Cancel it, and wait until it has ended."""
    task.cancel()
    await asyncio.wait([task])


def _import_services() -> "tuple[type[HttpServer], type[Services]]":
    """Imported late: it takes seconds, in which the two processes can do their own importing."""
    # httpx would load the libraries of its own command line, which are there for ours: a third of a second, 6 MB.
    # None keeps a module from being imported (https://docs.python.org/3/reference/import.html#the-module-cache).
    cast("dict[str, ModuleType | None]", sys.modules).setdefault("httpx._main", None)
    # Python 3.11 fills sysconfig's cache without a lock, and packages are laid out from several threads.
    sysconfig.get_config_vars()
    from sandbox.http_server import HttpServer
    from sandbox.services import Services

    return HttpServer, Services


def _log_to(path: Path) -> Callable[[], None]:
    """Send the logs of the sandbox and its server to a file; returns what undoes it."""
    handler = logging.FileHandler(path, encoding="utf-8")
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    loggers = [logging.getLogger(name) for name in ("sandbox", "uvicorn", "asyncio")]
    for logger in loggers:
        logger.addHandler(handler)

    def undo() -> None:
        for logger in loggers:
            logger.removeHandler(handler)
        handler.close()

    return undo
