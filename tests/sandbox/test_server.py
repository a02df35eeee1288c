"""One sandbox from start to stop, with small programs in a temporary project."""

import asyncio
import os
import signal
import socket
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from textwrap import dedent

import httpx
import pytest

from sandbox import ports, state
from sandbox.errors import SandboxError
from sandbox.options import PROJECT_ROOT, SandboxOptions
from sandbox.server import Sandbox
from sandbox.state import State

IDENTITY = """
import pulumi
import pulumi_aws as aws
own = aws.Provider("own", region="us-east-1")
opts = pulumi.ResourceOptions(provider=own)
pool = aws.cognito.UserPool("pool", username_attributes=["email"], opts=opts)
flows = ["ALLOW_ADMIN_USER_PASSWORD_AUTH"]
client = aws.cognito.UserPoolClient("client", user_pool_id=pool.id, explicit_auth_flows=flows, opts=opts)
aws.cognito.UserGroup("pro", user_pool_id=pool.id, name="pro", opts=opts)
pulumi.log.info("hello from the program")
pulumi.export("userPoolId", pool.id)
pulumi.export("userPoolClientId", client.id)
pulumi.export("cognitoEndpoint", pulumi.Config().require("cognitoEndpoint"))
pulumi.export("environment", pulumi.Config().require("environment"))
"""


def project(folder: Path, source: str) -> SandboxOptions:
    (folder / "Pulumi.yaml").write_text("name: demo\nruntime: python\nmain: program.py\n")
    (folder / "program.py").write_text(dedent(source))
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    return SandboxOptions(port=port, project_root=folder)


@asynccontextmanager
async def running(options: SandboxOptions, messages: list[str]) -> AsyncIterator[tuple[State, asyncio.Event]]:
    stop = asyncio.Event()
    sandbox = Sandbox(options, on_progress=messages.append, request_stop=stop.set)
    found = await sandbox.start()
    try:
        yield found, stop
    finally:
        await sandbox.stop()


def is_free(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) != 0


def descendants() -> set[int]:
    """The processes below this one, as far as there is a /proc to tell."""
    found: set[int] = set()
    waiting = [os.getpid()]
    while waiting:
        for task in Path(f"/proc/{waiting.pop()}/task").glob("*/children"):
            children = [int(pid) for pid in task.read_text().split()]
            found.update(children)
            waiting.extend(children)
    return found


CALLER = {
    "AWS_ACCESS_KEY_ID": "AKIAREAL",
    "AWS_SECRET_ACCESS_KEY": "real",
    "AWS_PROFILE": "production",
    "AWS_ENDPOINT_URL": "http://127.0.0.1:1",
    "AWS_REGION": "eu-west-1",
}


def variables_of(pid: int) -> set[str]:
    """The names of a process's environment variables."""
    return {entry.partition("=")[0] for entry in Path(f"/proc/{pid}/environ").read_text().split("\0")}


def test_the_server_loads_neither_the_sdk_of_programs_nor_libraries_for_terminals() -> None:
    code = "import sys, sandbox.server as server; server._import_services(); print(*sys.modules)"
    found = subprocess.run([sys.executable, "-c", code], cwd=PROJECT_ROOT, capture_output=True, text=True, check=True)
    assert {"grpc", "httpx"} <= set(found.stdout.split())
    assert {"pulumi", "rich", "pygments"}.isdisjoint(found.stdout.split())


async def test_the_callers_account_reaches_neither_moto_nor_the_sandboxs_own_clients(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in CALLER.items():
        monkeypatch.setenv(name, value)
    before = descendants()
    async with running(project(tmp_path, IDENTITY), []) as (found, _):
        assert found.users
        for pid in descendants() - before:
            assert not variables_of(pid) & CALLER.keys()


async def test_a_sandbox_serves_what_its_program_asked_for_and_leaves_nothing(tmp_path: Path) -> None:
    options = project(tmp_path, IDENTITY)
    before, messages = descendants(), list[str]()
    async with running(options, messages) as (found, stop), httpx.AsyncClient(trust_env=False) as http:
        assert found.origin == f"http://127.0.0.1:{options.port}"
        assert found.outputs["cognitoEndpoint"] == f"{found.origin}/cognito"
        assert found.outputs["environment"] == "preview"
        assert state.read(options.state_root, options.port) == found
        assert [user.username for user in found.users] == ["pro@example.com"]
        assert messages == [
            f"deploying demo into {found.origin}",
            "hello from the program",
            "deployed 5 resources, starting 0 functions",
        ]
        assert (await http.get(f"{found.origin}/_sandbox/health")).json() == {"ready": True}

        control, key = f"{found.origin}/_sandbox", {"x-sandbox-key": found.control_key}
        token = await http.post(f"{control}/token", headers=key, json={"tier": "pro"})
        assert token.json()["accessToken"].count(".") == 2
        unknown = await http.post(f"{control}/token", headers=key, json={"tier": "gold"})
        assert (unknown.status_code, unknown.json()["message"]) == (400, "tier is 'gold', allowed are pro")

        pace = await http.put(f"{control}/model", headers=key, json={"tokensPerSecond": 7})
        assert pace.json() == {"firstTokenMs": 300, "tokensPerSecond": 7}
        for wrong in ({"tokensPerSecond": 0}, {"speed": 1}, {"firstTokenMs": "1"}):
            assert (await http.put(f"{control}/model", headers=key, json=wrong)).status_code == 400
        assert (await http.get(f"{control}/model/calls", headers=key)).json() == {"calls": []}

        for method, path in (("POST", "token"), ("PUT", "model"), ("GET", "model/calls"), ("POST", "stop")):
            for headers in ({}, {"x-sandbox-key": "wrong"}):
                assert (await http.request(method, f"{control}/{path}", headers=headers)).status_code == 403
        assert not stop.is_set()
        assert (await http.post(f"{control}/stop", headers=key)).status_code == 202
        assert stop.is_set()
    assert is_free(options.port)
    assert state.running(options.state_root) == []
    assert descendants() == before


async def test_the_next_free_port_is_taken_and_said(tmp_path: Path) -> None:
    options = project(tmp_path, "")
    messages: list[str] = []
    with socket.create_server(("127.0.0.1", options.port)):
        async with running(options, messages) as (found, _):
            assert found.port > options.port
            assert messages[0] == f"port {options.port} is in use, taking {found.port}"


@pytest.mark.parametrize(
    ("source", "line"),
    [
        ("raise SystemExit(1)", "the program failed: SystemExit: 1"),
        ('class Wrong(Exception): ...\nraise Wrong("no")', "the program failed: no"),
    ],
)
async def test_nothing_of_a_failed_deployment_stays(tmp_path: Path, source: str, line: str) -> None:
    options = project(tmp_path, source)
    before = descendants()
    with pytest.raises(SandboxError) as failure:
        async with running(options, []):
            pass
    assert str(failure.value).startswith(line)
    assert is_free(options.port)
    assert state.running(options.state_root) == []
    assert descendants() == before


async def test_a_start_that_is_cancelled_leaves_nothing(tmp_path: Path) -> None:
    options = project(tmp_path, "import threading, pulumi; pulumi.log.info('here'); threading.Event().wait()")
    before, loop, here = descendants(), asyncio.get_running_loop(), asyncio.Event()

    def note(message: str) -> None:
        if message == "here":
            loop.call_soon_threadsafe(here.set)

    sandbox = Sandbox(options, on_progress=note, request_stop=lambda: None)
    starting = asyncio.create_task(sandbox.start())
    async with asyncio.timeout(30):
        await here.wait()
        starting.cancel()
        await asyncio.wait([starting])
    assert starting.cancelled()
    assert is_free(options.port)
    assert descendants() == before


async def test_a_failure_of_the_sandbox_itself_is_one_line_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    options = project(tmp_path, "")
    monkeypatch.setattr("sandbox.services.Gateway.routes", lambda _: 1 / 0)
    with pytest.raises(SandboxError, match=r"ZeroDivisionError: division by zero; see .*sandbox\.log"):
        async with running(options, []):
            pass
    assert "Traceback" in (options.state_root / str(options.port) / "sandbox.log").read_text()


@contextmanager
def occupied(count: int) -> Iterator[int]:
    """So many neighbouring ports in use; the first of them."""
    for first in range(20_000, 60_000, count):
        taken: list[socket.socket] = []
        try:
            taken = [socket.create_server(("127.0.0.1", first + number)) for number in range(count)]
            yield first
            return
        except OSError:
            continue
        finally:
            for server in taken:
                server.close()


def test_a_port_range_that_is_full_is_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ports, "PORT_RANGE", 3)
    with occupied(3) as first, pytest.raises(SandboxError) as failure:
        ports.take(SandboxOptions(port=first, project_root=tmp_path))
    assert str(failure.value) == (
        f"no port from {first} to {first + 2} is free: end what uses them, or choose another with --port"
    )


def test_the_highest_port_is_the_last_that_is_tried(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 65_535)), pytest.raises(SandboxError, match="from 65535 to 65535"):
        ports.take(SandboxOptions(port=65_535, project_root=tmp_path))


async def command(*arguments: str, stdin: int | None = None) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "sandbox", *arguments),
        cwd=PROJECT_ROOT,
        stdin=stdin or asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (["--port", "0"], "--port is 0, allowed are 1 to 65535"),
        (["--port", "x"], "invalid int value: 'x'"),
        (["--warm", "-1"], "--warm is -1, allowed is 0 or more"),
        (["-c", "architectures"], "-c is 'architectures', allowed is KEY=VALUE"),
        (["--tokens-per-second", "0"], "--tokens-per-second is 0.0, allowed is more than 0"),
        (["--first-token-ms", "nan"], "--first-token-ms is nan, allowed is 0 or more"),
        (["--time-scale", "0"], "--time-scale is 0.0, allowed is more than 0, and at most 1"),
        (["--time-scale", "2"], "--time-scale is 2.0, allowed is more than 0, and at most 1"),
    ],
)
async def test_misuse_of_the_command_ends_it_with_code_2(arguments: list[str], line: str) -> None:
    process = await command(*arguments)
    _, errors = await process.communicate()
    assert process.returncode == 2
    assert line in errors.decode().splitlines()[-1]


async def test_the_projects_own_refusal_is_one_line_and_the_port_is_free_again() -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    process = await command("--port", str(port), "-c", "architectures=[]")
    output, errors = await process.communicate()
    assert process.returncode == 1
    (line,) = errors.decode().splitlines()
    assert line.startswith("the program failed: ")
    assert "architectures" in line
    assert "Traceback" not in output.decode()
    assert is_free(port)


async def test_an_attached_sandbox_ends_with_its_starter_even_before_it_is_ready() -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    process = await command("--port", str(port), "--json", "--attached", stdin=asyncio.subprocess.PIPE)
    assert process.stdin is not None
    process.stdin.close()
    output, _ = await asyncio.wait_for(process.communicate(), 30)
    assert process.returncode == 1
    assert b"stopped before it was ready" in output
    assert is_free(port)


async def test_ctrl_c_while_it_starts_is_no_traceback() -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    process = await command("--port", str(port), "--json")
    assert process.stdout is not None
    assert b"deploying streamways" in await process.stdout.readline()
    process.send_signal(signal.SIGINT)
    output, errors = await asyncio.wait_for(process.communicate(), 30)
    assert b"stopped before it was ready" in output
    assert errors == b""


class Heard(list[str]):
    """Messages, and a word when one of them holds what is waited for."""

    def __init__(self) -> None:
        super().__init__()
        self._news = asyncio.Condition()
        self._loop = asyncio.get_running_loop()

    def append(self, message: str) -> None:
        super().append(message)
        asyncio.run_coroutine_threadsafe(self._tell(), self._loop)

    async def hears(self, words: str) -> None:
        async with asyncio.timeout(60), self._news:
            await self._news.wait_for(lambda: any(words in message for message in self))
        self.clear()

    async def _tell(self) -> None:
        async with self._news:
            self._news.notify_all()


async def test_an_edit_of_the_program_takes_effect_and_a_broken_one_leaves_what_was_there(tmp_path: Path) -> None:
    (tmp_path / "program").mkdir()
    options = project(tmp_path, IDENTITY)
    (tmp_path / "program.py").rename(tmp_path / "program" / "__main__.py")
    (tmp_path / "Pulumi.yaml").write_text("name: demo\nruntime: python\nmain: program/\n")
    messages = Heard()
    async with running(options, messages) as (before, _):
        program = tmp_path / "program" / "__main__.py"
        program.write_text(dedent(IDENTITY) + "raise LookupError('half-way')\n")
        await messages.hears("what was deployed before stays: the program failed: LookupError: half-way")
        assert state.read(options.state_root, options.port) == before
        more = 'aws.cognito.UserGroup("free", user_pool_id=pool.id, name="free", opts=opts)\npulumi.export("more", 1)\n'
        program.write_text(dedent(IDENTITY) + more)
        await messages.hears("the program was edited: 1 created")
        after = state.read(options.state_root, options.port)
    assert after is not None
    assert after.outputs == {**before.outputs, "more": 1}
    assert after.users[0] == before.users[0]
    assert [user.tier for user in after.users] == ["pro", "free"]
