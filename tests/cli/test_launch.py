"""Starting a sandbox, with a program in its place that writes what `python -m sandbox --json` may write."""

import json
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from sandbox.options import SandboxOptions
from streamways.errors import CommandError, Misuse
from streamways.target import launch as launching
from streamways.target.launch import StartOptions, launch
from streamways.target.processes import Process, all_processes, from_ps, is_alive, tree

PROGRAM = """#!{python}
import json, os, signal, sys, time
from pathlib import Path
from sandbox import state
from sandbox.iam.credentials import Keys
def tell(**event): print(json.dumps(event), flush=True)
Path({folder!r}, "called").write_text(json.dumps([os.getpid(), os.getsid(0), sys.argv[1:]]))
def publish():
    claim = state.claim(Path({folder!r}, ".sandbox"), 9105)
    credentials = Keys("a", "b", "c")
    claim.publish(state.State(os.getpid(), 9105, "http://127.0.0.1:9105", "key", "now", "r", {{}}, credentials))
    return claim
{body}
"""


Program = Callable[[str], None]


@pytest.fixture
def program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Program:
    """Puts a program with this body in the place of the sandbox."""
    monkeypatch.setattr(SandboxOptions, "state_root", property(lambda _: tmp_path / ".sandbox"))

    def place(body: str) -> None:
        file = tmp_path / "program"
        file.write_text(PROGRAM.format(python=sys.executable, folder=str(tmp_path), body=body))
        file.chmod(0o755)
        monkeypatch.setattr(launching.sys, "executable", str(file))

    return place


def called(tmp_path: Path) -> tuple[int, int, list[str]]:
    """Process, session and arguments of the program."""
    pid, session, arguments = json.loads((tmp_path / "called").read_text())
    return pid, session, arguments


ATTENDS = "sys.stdin.read()"
READY = """
tell(event="progress", message="one")
tell(event="progress", message="two")
claim = publish()
tell(event="ready", port=9105, origin="http://127.0.0.1:9105", state="x")
"""


def test_progress_is_passed_on_and_the_state_is_read_when_it_is_ready(program: Program, tmp_path: Path):
    program(READY + "signal.pause()")
    messages: list[str] = []
    launched = launch(StartOptions(), attached=True, progress=messages.append)
    pid, session, _ = called(tmp_path)
    assert messages == ["one", "two"]
    assert launched.state.port == 9105
    assert launched.state.pid == pid
    assert session == pid, "it shares the terminal's Ctrl-C"
    launched.stop()
    assert not is_alive(pid)


def test_an_attached_sandbox_reads_the_end_of_its_starter_from_standard_input(program: Program, tmp_path: Path):
    program(READY + "sys.stdin.read()")
    launched = launch(StartOptions(), attached=True, progress=lambda _: None)
    assert launched.process.stdin is not None
    launched.process.stdin.close()
    launched.wait()
    assert "--attached" in called(tmp_path)[2]


def test_a_detached_sandbox_stays(program: Program, tmp_path: Path):
    program(READY + "sys.stdin.read()\ntell(event='progress', message='late')\nsignal.pause()")
    launched = launch(StartOptions(), attached=False, progress=lambda _: None)
    pid, _, arguments = called(tmp_path)
    assert launched.process.poll() is None
    assert "--attached" not in arguments
    launched.stop()
    assert not is_alive(pid)


def test_options_become_arguments_and_what_was_not_given_is_left_out(program: Program, tmp_path: Path):
    program(READY + "signal.pause()")
    options = StartOptions(
        9105, ("model=x", 'architectures=["websocket"]'), 20.0, None, 0, 0.01, tls=True, provider=True
    )
    launch(options, attached=False, progress=lambda _: None).stop()
    assert called(tmp_path)[2] == [
        *("-P", "-m", "sandbox", "--json", "--port", "9105", "--first-token-ms", "20.0", "--warm", "0"),
        *("--time-scale", "0.01", "--tls", "--provider"),
        *("-c", "model=x", "-c", 'architectures=["websocket"]'),
    ]


def test_a_sandbox_that_fails_is_told_and_leaves_nothing(program: Program, tmp_path: Path):
    program("tell(event='failed', message='no port is free')\nsignal.pause()")
    with pytest.raises(CommandError, match="no port is free"):
        launch(StartOptions(), attached=False, progress=lambda _: None)
    assert not is_alive(called(tmp_path)[0])


def test_a_sandbox_that_dies_early_is_told_with_its_last_words(program: Program):
    program("raise SystemError('the last words')")
    with pytest.raises(CommandError, match="SystemError: the last words"):
        launch(StartOptions(), attached=False, progress=lambda _: None)


def test_misuse_of_the_sandbox_is_misuse_of_the_command(program: Program):
    program("print('sandbox: no such setting', file=sys.stderr)\nsys.exit(2)")
    with pytest.raises(Misuse, match="no such setting"):
        launch(StartOptions(), attached=False, progress=lambda _: None)


def test_an_interruption_while_it_starts_leaves_nothing(program: Program, tmp_path: Path):
    program("tell(event='progress', message='slow')\nsignal.pause()")

    def interrupt(_message: str) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        launch(StartOptions(), attached=False, progress=interrupt)
    assert not is_alive(called(tmp_path)[0])


def test_a_sandbox_that_does_not_end_is_killed(program: Program, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(launching, "STOP_SECONDS", 0.1)
    program("signal.signal(signal.SIGTERM, signal.SIG_IGN)\n" + READY + "while True: signal.pause()")
    launched = launch(StartOptions(), attached=False, progress=lambda _: None)
    launched.stop()
    assert not is_alive(called(tmp_path)[0])


def test_a_state_file_that_is_gone_at_once_is_an_error(program: Program):
    program("tell(event='ready', port=9105, origin='x', state='x')\nsignal.pause()")
    with pytest.raises(CommandError, match="ended as soon as it was ready"):
        launch(StartOptions(), attached=False, progress=lambda _: None)


def test_a_process_tree_holds_its_root_with_its_memory():
    [me, *_] = tree(os.getpid())
    assert me.pid == os.getpid()
    assert me.memory_bytes > 1_000_000
    assert os.getpid() in {process.pid for process in all_processes()}


def test_where_there_is_no_proc_ps_tells_the_same():
    assert from_ps("  412     1 S+    2048\n") == Process(412, 1, False, 2048 * 1024)
    assert from_ps("  413   412 Z        0\n").zombie


def test_a_zombie_is_not_alive():
    pid = os.fork()
    if pid == 0:
        os._exit(0)
    deadline = time.monotonic() + 5
    while is_alive(pid) and time.monotonic() < deadline:
        pass
    assert not is_alive(pid)
    os.waitpid(pid, 0)


def test_progress_is_read_whole_and_in_order_while_the_program_writes_on(program: Program) -> None:
    count = 20_000
    program(f"for number in range({count}): tell(event='progress', message='x' * (number % 97))" + READY + ATTENDS)
    heard: list[str] = []
    launch(StartOptions(), attached=True, progress=heard.append).stop()
    assert heard == [*("x" * (number % 97) for number in range(count)), "one", "two"]
