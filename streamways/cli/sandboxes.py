"""`sandbox start`, `stop` and `status`: sandboxes that outlive the command."""

import json
import os
import signal
import time

from sandbox import state
from sandbox.options import SandboxOptions
from streamways.errors import CommandError
from streamways.target.control import Control
from streamways.target.launch import POLL_SECONDS, STOP_SECONDS, StartOptions, interruptible
from streamways.target.processes import is_alive
from streamways.target.stack import running_sandbox


def start_detached(options: StartOptions) -> None:
    """Starts a sandbox that stays, and says where it is."""
    from rich.console import Console

    from streamways.cli.starting import start_visibly

    with interruptible():
        running = start_visibly(options, attached=False, console=Console(highlight=False)).state
    for line in state.attachment(running):
        print(f"   {line}")
    print(f"   process {running.pid}, log {_log(running)}; stop it with: streamways sandbox stop --port {running.port}")


def stop_running(port: int | None) -> None:
    """Ends a sandbox and waits until it is gone. That none runs is no error, unless a port was named.

    Raises CommandError.
    """
    state_root = SandboxOptions().state_root
    if port is None and not state.running(state_root):
        print("no sandbox runs")
        return
    running = running_sandbox(port)
    try:
        Control.of(running).stop()
    except CommandError:  # it does not answer any more; its lock says that the process is alive
        os.kill(running.pid, signal.SIGTERM)
    deadline = time.monotonic() + STOP_SECONDS
    while is_alive(running.pid):
        if time.monotonic() > deadline:
            raise CommandError(
                f"the sandbox on port {running.port} (process {running.pid}) has not ended after "
                f"{STOP_SECONDS:g} s; see {_log(running)}, and end it with: kill -9 {running.pid}"
            )
        time.sleep(POLL_SECONDS)
    print(f"the sandbox on port {running.port} has ended")


def print_status(*, as_json: bool) -> bool:
    """Prints the sandboxes that run; whether there are any."""
    running = state.running(SandboxOptions().state_root)
    if as_json:
        entries = [
            {"port": one.port, "origin": one.origin, "pid": one.pid, "startedAt": one.started_at} for one in running
        ]
        print(json.dumps(entries, indent=2))
    else:
        for one in running:
            print(f"{one.origin}  process {one.pid}  since {one.started_at}  log {_log(one)}")
    return bool(running)


def _log(running: state.State) -> str:
    path = state.folder(SandboxOptions().state_root, running.port) / "sandbox.log"
    try:
        return str(path.relative_to(os.getcwd()))  # noqa: PTH109
    except ValueError:
        return str(path)
