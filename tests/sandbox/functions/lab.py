"""A small account for tests: functions from source text, run by the real service in real processes."""

import asyncio
import json
import os
import textwrap
import zipfile
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import uvicorn

from sandbox.functions.limits import Limits
from sandbox.functions.logs import FunctionLogs
from sandbox.functions.service import FunctionService
from sandbox.iam.credentials import Credentials
from sandbox.options import SandboxOptions
from sandbox.world import ACCOUNT_ID, Alias, EventInvokeConfig, Function, Role, World

REGION = "us-east-1"
ADAPTER_LAYER = f"arn:aws:lambda:{REGION}:753240598075:layer:LambdaAdapterLayerArm64:30"
FIRST_PORT = 9200
"""Beyond the ports of real sandboxes."""
SITE_PACKAGES = Path(uvicorn.__file__).parents[1]
RUNTIME = [
    "awslambdaric",
    "snapshot_restore_py.py",
    "runtime_client*",
    "boto3",
    "botocore",
    "s3transfer",
    "jmespath",
    "simplejson",
]
RUNTIME += ["dateutil", "six.py", "urllib3"]
WEB_SERVER = ["uvicorn", "click", "h11"]
RUN_SH = """
#!/bin/sh
exec python -m uvicorn --host 127.0.0.1 --port "$AWS_LWA_PORT" --no-access-log --log-level warning handlers.{name}:app
"""


class Gate:
    """Where functions report and wait: a socket of the test, so that nothing has to be slept for."""

    def __init__(self) -> None:
        self._arrivals: asyncio.Queue[Visit] = asyncio.Queue()
        self._server: asyncio.Server | None = None
        self._visits: list[Visit] = []

    async def open(self) -> None:
        self._server = await asyncio.start_server(self._welcome, "127.0.0.1", 0)

    @property
    def port(self) -> str:
        assert self._server is not None
        return str(self._server.sockets[0].getsockname()[1])

    async def arrival(self) -> "Visit":
        """The next function that called `report`."""
        return await asyncio.wait_for(self._arrivals.get(), 10)

    async def close(self) -> None:
        assert self._server is not None
        self._server.close()
        for visit in self._visits:
            visit.writer.close()

    async def _welcome(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        visit = Visit(json.loads(await reader.readline()), reader, writer)
        self._visits.append(visit)
        self._arrivals.put_nowait(visit)


@dataclass
class Visit:
    """A function at the gate: what it said, and the connection that it holds while its process lives."""

    said: Any
    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    async def release(self) -> None:
        """Let it go on."""
        self.writer.write(b"\n")
        await self.writer.drain()

    async def next(self) -> Any:
        """What it says next; None when its process is gone."""
        try:
            line = await asyncio.wait_for(self.reader.readline(), 10)
        except ConnectionResetError:
            return None
        return json.loads(line) if line else None


GATE_CODE = """
import json, os, socket


class Gate:
    def __init__(self, said=None):
        self.connection = socket.create_connection(("127.0.0.1", int(os.environ["GATE"])))
        self.lines = self.connection.makefile("rb")
        self.say(said)

    def say(self, said):
        self.connection.sendall(json.dumps(said).encode() + b"\\n")

    def wait(self):
        return self.lines.readline()
"""


@dataclass
class FixturePackages:
    """Packages of the lab's functions: the zips that `Lab.add` wrote, and the sources that they were made of."""

    sources: dict[Path, dict[str, Path]]
    dependency_folder: Path
    runtime_folder: Path
    libraries: Sequence[str] = ()

    def code_files(self, package: Path) -> Mapping[str, Path]:
        return self.sources[package]

    def dependencies(self, package: Path) -> Path:  # noqa: ARG002
        return self.dependency_folder

    def runtime(self) -> Path:
        return self.runtime_folder


@dataclass
class Lab:
    """A world with functions in it. `service()` runs them; close the lab with `close()`."""

    root: Path
    port: int = field(default_factory=lambda: FIRST_PORT + int(os.environ.get("PYTEST_XDIST_WORKER", "gw0")[2:]))
    """Never listened on: it keeps the ports of web servers apart between tests that run side by side."""
    world: World = field(init=False)
    packages: FixturePackages = field(init=False)
    gate: Gate = field(default_factory=Gate)
    credentials: Credentials = field(default_factory=Credentials)
    services: list[FunctionService] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.world = World(region=REGION, origin=f"http://127.0.0.1:{self.port}")
        self.logs = FunctionLogs(self.root / "logs")
        for folder in ("handlers", "shared", "build"):
            (self.root / folder).mkdir()
        (self.root / "shared" / "gate.py").write_text(GATE_CODE)
        self.packages = FixturePackages(
            {}, _linked(self.root / "dependencies", WEB_SERVER), _linked(self.root / "runtime", RUNTIME)
        )

    def add(
        self,
        name: str,
        code: str,
        *,
        timeout: int = 10,
        memory: int = 256,
        environment: Mapping[str, str] | None = None,
        reserved: int | None = None,
        event_invoke: EventInvokeConfig | None = None,
        log_group: bool = True,
        policy: Mapping[str, Any] | None = None,
    ) -> Function:
        """A function with a Python handler: `handler` in `code`."""
        self.write(name, code)
        return self._deploy(
            Function(
                name=name,
                arn=f"arn:aws:lambda:{REGION}:{ACCOUNT_ID}:function:{name}",
                role_arn=self._role(name, policy),
                handler=f"handlers.{name}.handler",
                runtime="python3.13",
                package=self.root / "build" / f"{name}.zip",
                timeout_seconds=timeout,
                memory_megabytes=memory,
                environment={"GATE": self.gate.port, **(environment or {})},
                layers=(),
                log_group=f"/aws/lambda/{name}",
                reserved_concurrency=reserved,
                event_invoke=event_invoke or EventInvokeConfig(),
            ),
            {f"handlers/{name}.py": self.root / "handlers" / f"{name}.py"},
            log_group=log_group,
        )

    def add_web(self, name: str, code: str, *, executable: bool = True, **changes: Any) -> Function:
        """A function behind the Web Adapter: the ASGI application `app` in `code`."""
        function = self.add(name, code, **{key: value for key, value in changes.items() if key != "layers"})
        script = self.root / "handlers" / f"{name}.sh"
        script.write_text(RUN_SH.strip().format(name=name))
        function.handler = "run.sh"
        function.layers = changes.get("layers", (ADAPTER_LAYER,))
        function.environment = {
            "AWS_LAMBDA_EXEC_WRAPPER": "/opt/bootstrap",
            "AWS_LWA_INVOKE_MODE": "response_stream",
            "AWS_LWA_PORT": "8080",
            "AWS_LWA_READINESS_CHECK_PATH": "/healthz",
            **function.environment,
        }
        sources = {f"handlers/{name}.py": self.root / "handlers" / f"{name}.py", "run.sh": script}
        return self._deploy(function, sources, executable=executable)

    def publish(self, function: Function) -> str:
        """Publish a function and put an alias before it; the alias' ARN."""
        alias = function.aliases.setdefault("live", Alias("live", ""))
        alias.version = function.publish().version
        return f"{function.arn}:{alias.name}"

    def write(self, name: str, code: str) -> None:
        """Write, or edit, the code of a function."""
        (self.root / "handlers" / f"{name}.py").write_text(textwrap.dedent(code))

    async def service(
        self, *, warm: int = 0, limits: Limits | None = None, ca_file: Path | None = None
    ) -> FunctionService:
        """A started service; stopped by `close`."""
        service = FunctionService(
            self.world,
            SandboxOptions(port=self.port, warm_workers=warm, project_root=self.root),
            self.credentials,
            self.logs,
            f"{self.world.origin}/aws",
            ca_file=ca_file,
            packages=self.packages,
            limits=limits,
        )
        self.services.append(service)
        await service.start()
        return service

    async def close(self) -> None:
        try:
            for service in self.services:
                await service.stop()
        finally:
            await self.gate.close()

    def log(self, name: str) -> list[str]:
        """The messages in a function's log group."""
        path = self.logs.path(f"/aws/lambda/{name}")
        return [json.loads(line)["message"] for line in path.read_text().splitlines()] if path.exists() else []

    def _role(self, name: str, policy: Mapping[str, Any] | None) -> str:
        arn = f"arn:aws:iam::{ACCOUNT_ID}:role/{name}"
        group = f"arn:aws:logs:{REGION}:{ACCOUNT_ID}:log-group:/aws/lambda/{name}:*"
        statement = {"Effect": "Allow", "Action": ["logs:CreateLogStream", "logs:PutLogEvents"], "Resource": group}
        policies = {"logs": {"Version": "2012-10-17", "Statement": [statement]}}
        if policy is not None:
            policies["more"] = {"Version": "2012-10-17", "Statement": [policy]}
        self.world.roles[arn] = Role(name, arn, {}, policies)
        return arn

    def _deploy(
        self, function: Function, sources: dict[str, Path], *, executable: bool = True, log_group: bool = True
    ) -> Function:
        sources = {**sources, "shared/gate.py": self.root / "shared" / "gate.py"}
        with zipfile.ZipFile(function.package, "w") as archive:
            for name, source in sources.items():
                entry = zipfile.ZipInfo(name)
                entry.create_system = 3
                entry.external_attr = (0o100755 if name == "run.sh" and executable else 0o100644) << 16
                archive.writestr(entry, source.read_bytes())
        self.packages.sources[function.package] = sources
        self.world.functions[function.name] = function
        if log_group:
            self.world.log_groups[function.log_group] = 14
        return function


def _linked(folder: Path, names: list[str]) -> Path:
    folder.mkdir()
    for name in names:
        for source in SITE_PACKAGES.glob(name):
            (folder / source.name).symlink_to(source)
    return folder


@pytest.fixture
async def lab(tmp_path: Path) -> AsyncIterator[Lab]:
    """A lab whose gate is open."""
    lab = Lab(tmp_path)
    await lab.gate.open()
    yield lab
    await lab.close()
