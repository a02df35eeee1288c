"""The examples of the documentation for clients without the AI SDK, run against a real sandbox."""

import json
import os
import secrets
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from sandbox.aws.model import DocsModel
from sandbox.options import PROJECT_ROOT
from tests.docs.pages import page
from tests.support import node
from tests.support.examples import PATIENCE_SECONDS, asked, installed, text_of
from tests.support.sandbox import RunningSandbox

answer = DocsModel(PROJECT_ROOT / "docs").answer
SLOW = {"fault": "slow", "tokensPerSecond": 20}
SCRIPTS = PROJECT_ROOT / "docs" / "examples"


def prompt() -> str:
    """A question that no other test asks."""
    return f"How does the function URL stream? ({secrets.token_hex(4)})"


@pytest.fixture(autouse=True)
def no_fault_is_left(sandbox: RunningSandbox) -> Iterator[None]:
    yield
    sandbox.control("DELETE", "/model/fault")
    sandbox.control("DELETE", "/appsync/fault")


@pytest.fixture
def environment(sandbox: RunningSandbox, tmp_path: Path) -> dict[str, str]:
    """What the scripts need, got by the page's first block."""
    block = page("docs/examples.md").code("bash")[0]
    path = os.pathsep.join([str(Path(sys.executable).parent), node.environment()["PATH"]])
    run = subprocess.run(
        ["sh", "-euc", f"{block}\nenv"],
        env={**os.environ, "PATH": path, "STREAMWAYS_PORT": str(sandbox.state.port)},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
    )
    return dict(line.partition("=")[::2] for line in run.stdout.splitlines() if "=" in line)


@contextmanager
def script(
    environment: dict[str, str],
    name: str,
    *arguments: str,
    stdin: int = subprocess.DEVNULL,
    stdout: int = subprocess.PIPE,
) -> Iterator["subprocess.Popen[str]"]:
    """One of the shell scripts, running; ended after a while, whatever it waits for."""
    process = subprocess.Popen(
        ["sh", "-eu", SCRIPTS / name, *arguments],
        env=environment,
        stdin=stdin,
        stdout=stdout,
        text=True,
        process_group=0,
    )
    late = threading.Timer(PATIENCE_SECONDS, os.killpg, (process.pid, signal.SIGKILL))
    late.start()
    with process:
        try:
            yield process
        finally:
            late.cancel()
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)


def events(lines: Iterator[str]) -> Iterator[tuple[str, Any]]:
    """The id and the data of each event; the last one, `[DONE]`, has no id."""
    identifier = ""
    for line in lines:
        name, _, value = line.rstrip("\n").partition(": ")
        if name == "id":
            identifier = value
        if name == "data":
            yield (identifier, json.loads(value)) if value != "[DONE]" else ("", value)


def test_curl_starts_resumes_and_cancels(sandbox: RunningSandbox, environment: dict[str, str]) -> None:
    sandbox.control("PUT", "/model/fault", SLOW)
    chat, stream = f"chat-{secrets.token_hex(8)}", f"stream-{secrets.token_hex(8)}"
    with script(environment, "curl.sh", "start", chat, stream) as start:
        assert start.stdout is not None
        started = events(start.stdout)
        seen = [next(started) for _ in range(5)]
        with script(environment, "curl.sh", "resume", chat, seen[-1][0]) as resume:
            assert resume.stdout is not None
            resumed = events(resume.stdout)
            first = next(resumed)
            with script(environment, "curl.sh", "cancel", chat, stream) as cancel:
                assert cancel.communicate(timeout=20)[0] == "{}"
            rest, again = [*started], [first, *resumed]
    assert [part["type"] for _, part in seen[:3]] == ["start", "start-step", "text-start"]
    assert rest[-1] == again[-1] == ("", "[DONE]")
    assert rest[-2][1] == {"type": "abort", "reason": "cancelled"}
    assert rest == again


def test_curl_shows_a_refusal_and_fails(environment: dict[str, str]) -> None:
    with script({**environment, "TOKEN": "expired"}, "curl.sh", "resume", "chat-1") as resume:
        assert json.loads(resume.communicate(timeout=20)[0])["error"]["code"] == "unauthenticated"
    assert resume.returncode == 22


def test_wscat_takes_the_frames_of_the_page(sandbox: RunningSandbox, environment: dict[str, str]) -> None:
    sandbox.control("PUT", "/model/fault", SLOW)
    [block] = page("docs/examples.md").code("json")
    send, abort, resume = block.splitlines()
    path = os.pathsep.join([str(installed().parent / "node_modules" / ".bin"), environment["PATH"]])
    ours, its = os.openpty()  # it says that it is connected to a terminal alone
    with (
        os.fdopen(ours, "rb", closefd=True) as screen,
        script({**environment, "PATH": path}, "wscat.sh", stdin=its, stdout=its),
    ):
        os.close(its)
        assert any(b"Connected" in line for line in screen)
        frames = (json.loads(line[line.index(b"{") : line.rindex(b"}") + 1]) for line in screen if b"< {" in line)

        os.write(ours, f"{send}\n".encode())
        begun = [next(frames) for _ in range(4)]
        os.write(ours, f"{abort}\n".encode())
        stopped = [*begun, *until_the_end(frames)]
        os.write(ours, f"{resume}\n".encode())
        resumed = until_the_end(frames)
    chunks = [[frame["chunk"] for frame in each if frame["type"] == "chunk"] for each in (stopped, resumed)]
    assert chunks[0] == chunks[1]
    assert chunks[0][-1] == {"type": "abort", "reason": "cancelled"}


def until_the_end(frames: Iterator[Any]) -> list[Any]:
    read = []
    for frame in frames:
        read.append(frame)
        if frame["type"] == "end":
            break
    return read


def test_a_browsers_websocket_shows_each_part_once_over_lost_connections(sandbox: RunningSandbox) -> None:
    text = prompt()
    parts = asked("websocket.js", sandbox, text, cuts=[1, 4, 20])
    assert text_of(parts) == answer(text)
    assert [part["type"] for part in parts if part["type"] != "text-delta"] == [
        *("start", "start-step", "text-start", "text-end", "finish-step", "finish")
    ]
    calls = sandbox.control("GET", "/model/calls").json()["calls"]
    assert len([call for call in calls if call["prompt"] == text]) == 1


def test_a_browsers_websocket_stops_an_answer(sandbox: RunningSandbox) -> None:
    sandbox.control("PUT", "/model/fault", SLOW)
    assert asked("websocket.js", sandbox, prompt(), stop=5)[-1] == {"type": "abort", "reason": "cancelled"}


def test_a_browsers_websocket_finds_out_why_it_was_refused(sandbox: RunningSandbox) -> None:
    [failed] = asked("websocket.js", sandbox, prompt(), token="expired")
    assert failed["failed"]["code"] == "unauthenticated"


@pytest.mark.parametrize("fault", ["dropped", "duplicated", "reordered"])
def test_apollo_shows_each_part_once_whatever_appsync_does_to_messages(sandbox: RunningSandbox, fault: str) -> None:
    sandbox.control("PUT", "/appsync/fault", {"fault": fault, "calls": 3, "after": 1})
    text = prompt()
    assert text_of(asked("apollo.js", sandbox, text)) == answer(text)
    assert sandbox.control("GET", "/appsync/fault").json()["calls"] == 0


def test_apollo_is_told_of_a_refusal(sandbox: RunningSandbox) -> None:
    [failed] = asked("apollo.js", sandbox, prompt(), chat_id="no such id!")
    assert "chatId" in failed["failed"]["message"]


def test_apollo_shows_the_rest_after_its_connection_is_lost(sandbox: RunningSandbox) -> None:
    text = prompt()
    assert text_of(asked("apollo.js", sandbox, text, cuts=[6])) == answer(text)
