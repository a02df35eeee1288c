"""Starts a sandbox as a process of its own (`python -m sandbox --json`), and ends it."""

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from types import FrameType
from typing import IO, cast

from sandbox import state
from sandbox.options import SandboxOptions, project_root
from streamways.errors import CommandError, Misuse
from streamways.target.control import trust

POLL_SECONDS = 0.05
STOP_SECONDS = 30.0
"""How long a sandbox may take to end its processes before it is killed."""
ENDING_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


@dataclass(frozen=True)
class StartOptions:
    """What a command was told about the sandbox to start; None leaves it to the sandbox's own default."""

    port: int | None = None
    config: Sequence[str] = ()
    """`key=value`, as `pulumi config set` takes them."""
    first_token_ms: float | None = None
    tokens_per_second: float | None = None
    warm: int | None = None
    time_scale: float | None = None
    tls: bool = False
    provider: bool = False

    def arguments(self) -> list[str]:
        """As arguments of `python -m sandbox`."""
        given = {
            "--port": self.port,
            "--first-token-ms": self.first_token_ms,
            "--tokens-per-second": self.tokens_per_second,
            "--warm": self.warm,
            "--time-scale": self.time_scale,
        }
        arguments = [text for name, value in given.items() if value is not None for text in (name, str(value))]
        flags = {"--tls": self.tls, "--provider": self.provider}
        arguments.extend(name for name, is_set in flags.items() if is_set)
        return arguments + [text for entry in self.config for text in ("-c", entry)]


@dataclass(frozen=True)
class Launched:
    """A sandbox that this process started and that is ready."""

    process: subprocess.Popen[bytes]
    state: state.State
    seconds: float
    """From its start until it was ready."""

    def wait(self) -> None:
        """Waits until the sandbox ends, by whatever cause."""
        self.process.wait()

    def stop(self) -> None:
        """Ends the sandbox with everything it started; returns when it is gone."""
        _stop(self.process)


def launch(options: StartOptions, *, attached: bool, progress: Callable[[str], None]) -> Launched:
    """Starts a sandbox and waits until it is ready. Raises CommandError; nothing is left of a failed start.

    An attached sandbox ends with this process, however this process ends; a detached one stays. Neither gets the
    terminal's Ctrl-C: it has a session of its own.
    """
    # -P: a folder of the project may have the name of a module of ours.
    command = [sys.executable, "-P", "-m", "sandbox", "--json", *options.arguments()]
    started = time.monotonic()
    with _output() as events, _output() as errors:
        process = subprocess.Popen(
            [*command, "--attached"] if attached else command,
            cwd=project_root(),
            stdin=subprocess.PIPE if attached else subprocess.DEVNULL,
            stdout=events,
            stderr=errors,
            start_new_session=True,
        )
        try:
            running = _ready(process, events, errors, progress)
        except BaseException:
            _stop(process)
            raise
    return Launched(process, running, time.monotonic() - started)


@contextmanager
def interruptible() -> Generator[None]:
    """Within it the first SIGINT, SIGTERM or SIGHUP raises KeyboardInterrupt; later ones do not disturb the end."""

    def interrupt(number: int, frame: FrameType | None) -> None:  # noqa: ARG001 (the signature of a handler)
        for ending in ENDING_SIGNALS:
            signal.signal(ending, _do_nothing)
        raise KeyboardInterrupt

    before = {number: signal.signal(number, interrupt) for number in ENDING_SIGNALS}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _do_nothing(number: int, frame: FrameType | None) -> None:
    """In the place of SIG_IGN: Python complains when it has noted a signal and finds it ignored by then."""


def _output() -> IO[bytes]:
    """A file that the child appends to. Its position is the child's too: read it with `_read_from`."""
    return tempfile.TemporaryFile("a+b")


def _read_from(file: IO[bytes], position: int) -> bytes:
    """What is written there, without a look at the file's position, which the child's writes move."""
    return os.pread(file.fileno(), os.fstat(file.fileno()).st_size - position, position)


def _ready(
    process: subprocess.Popen[bytes], events: IO[bytes], errors: IO[bytes], progress: Callable[[str], None]
) -> state.State:
    position = 0
    while True:
        ended = process.poll() is not None  # before reading: what it wrote until then is in the file
        for line in _read_from(events, position).splitlines(keepends=True):
            if not line.endswith(b"\n"):
                break
            position += len(line)
            event = cast("dict[str, object]", json.loads(line))
            message = str(event.get("message", ""))
            if event["event"] == "progress":
                progress(message)
            elif event["event"] == "failed":
                raise CommandError(message)
            elif event["event"] == "ready":
                return _published(int(cast("int", event["port"])))
        if ended:
            raise _early_end(process, errors)
        time.sleep(POLL_SECONDS)


def _published(port: int) -> state.State:
    running = state.read(SandboxOptions().state_root, port)
    if running is None:
        raise CommandError(f"the sandbox on port {port} ended as soon as it was ready; see .sandbox/{port}/sandbox.log")
    trust(running)
    return running


def _early_end(process: subprocess.Popen[bytes], errors: IO[bytes]) -> CommandError:
    lines = _read_from(errors, 0).decode("utf-8", "replace").strip().splitlines()
    message = lines[-1] if lines else f"the sandbox ended with exit code {process.returncode} and said nothing"
    if process.returncode == Misuse.exit_code:
        return Misuse(message.rpartition("error: ")[2])
    return CommandError(message)


def _stop(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    if process.stdin is not None:
        process.stdin.close()
