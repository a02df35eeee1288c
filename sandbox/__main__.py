"""`python -m sandbox`: one sandbox in the foreground, until Ctrl-C, SIGTERM or `POST /_sandbox/stop`.

With `--json` standard output is a line of JSON per event, for a program that starts it:
`{"event": "progress", "message": …}`, then `{"event": "ready", "port": …, "origin": …, "state": "<path>"}` or
`{"event": "failed", "message": …}`. With `--attached` it also stops when its standard input ends, so that it
never outlives whoever started it with a pipe. Exit code 0 after a stop, 1 when it did not come up, 2 for misuse.
"""

import argparse
import asyncio
import json
import math
import signal
import sys
import threading
from collections.abc import Callable, Sequence
from dataclasses import replace

from sandbox.environment import leave_account
from sandbox.errors import SandboxError
from sandbox.options import DEFAULT_PORT, ModelPace, SandboxOptions
from sandbox.state import State, attachment, folder


class Reporter:
    """Tells whoever started the sandbox how it goes, in words or as JSON."""

    def __init__(self, as_json: bool) -> None:
        self._as_json = as_json

    def progress(self, message: str) -> None:
        """Something went on."""
        self._say(message, event="progress", message=message)

    def ready(self, state: State, options: SandboxOptions) -> None:
        """The sandbox takes requests."""
        path = str(folder(options.state_root, state.port) / "state.json")
        lines = [f"ready at {state.origin}", *(f"  {key}: {value}" for key, value in state.outputs.items())]
        lines.extend(f"  {line}" for line in attachment(state))
        if state.ca_file is not None:
            lines.append(f"  certificate authority to trust: {state.ca_file}")
        self._say("\n".join(lines), event="ready", port=state.port, origin=state.origin, state=path)

    def failed(self, message: str) -> None:
        """The sandbox did not come up."""
        if self._as_json:
            self._say("", event="failed", message=message)
        else:
            print(message, file=sys.stderr)

    def _say(self, text: str, **event: object) -> None:
        print(json.dumps(event) if self._as_json else text, flush=True)


def parse(arguments: Sequence[str]) -> tuple[SandboxOptions, argparse.Namespace]:
    """The options of a command line; ends the process with code 2 and one line for misuse."""
    defaults = SandboxOptions()
    parser = argparse.ArgumentParser(prog="python -m sandbox", description="Runs the program in a local AWS.")
    parser.add_argument("--port", type=int, default=DEFAULT_PORT, help="first port to try (default: %(default)s)")
    parser.add_argument("--stack", default=defaults.stack, help="name of the stack (default: %(default)s)")
    parser.add_argument(
        "-c", dest="config", metavar="KEY=VALUE", action="append", default=[], help="configuration; repeatable"
    )
    parser.add_argument("--warm", type=int, default=defaults.warm_workers, help="environments started per function")
    parser.add_argument("--first-token-ms", type=float, default=defaults.pace.first_token_ms)
    parser.add_argument("--tokens-per-second", type=float, default=defaults.pace.tokens_per_second)
    parser.add_argument(
        "--time-scale", type=float, default=defaults.time_scale, help="seconds for one of AWS's, in limits of time"
    )
    parser.add_argument("--tls", action="store_true", help="speak HTTPS and WSS, with a certificate of its own")
    parser.add_argument("--provider", action="store_true", help="start empty, and let a real Pulumi engine deploy")
    parser.add_argument("--json", action="store_true", help="events as JSON on standard output")
    parser.add_argument("--attached", action="store_true", help="stop when standard input ends")
    given = parser.parse_args(arguments)
    if not 1 <= given.port <= 65_535:
        parser.error(f"--port is {given.port}, allowed are 1 to 65535")
    if given.warm < 0:
        parser.error(f"--warm is {given.warm}, allowed is 0 or more")
    if not 0 <= given.first_token_ms < math.inf:
        parser.error(f"--first-token-ms is {given.first_token_ms}, allowed is 0 or more")
    if not 0 < given.tokens_per_second < math.inf:
        parser.error(f"--tokens-per-second is {given.tokens_per_second}, allowed is more than 0")
    if not 0 < given.time_scale <= 1:
        parser.error(f"--time-scale is {given.time_scale}, allowed is more than 0, and at most 1")
    config: dict[str, str] = {}
    for entry in given.config:
        key, equals, value = entry.partition("=")
        if not (key and equals):
            parser.error(f"-c is {entry!r}, allowed is KEY=VALUE")
        config[key] = value
    options = replace(
        defaults,
        port=given.port,
        stack=given.stack,
        config=config,
        warm_workers=given.warm,
        pace=ModelPace(given.first_token_ms, given.tokens_per_second),
        time_scale=given.time_scale,
        tls=given.tls,
        provider=given.provider,
    )
    return options, given


async def run(options: SandboxOptions, reporter: Reporter, *, attached: bool) -> int:
    """Run one sandbox until it is told to stop; the exit code."""
    from sandbox.server import Sandbox

    loop = asyncio.get_running_loop()
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    if attached:
        _at_end_of_input(lambda: loop.call_soon_threadsafe(stop.set))
    sandbox = Sandbox(options, on_progress=reporter.progress, request_stop=stop.set)
    starting, stopping = asyncio.create_task(sandbox.start()), asyncio.create_task(stop.wait())
    await asyncio.wait({starting, stopping}, return_when=asyncio.FIRST_COMPLETED)
    try:
        if not starting.done():
            starting.cancel()
        reporter.ready(await starting, options)
        await stopping
    except asyncio.CancelledError:
        reporter.failed("stopped before it was ready")
        return 1
    except SandboxError as error:
        reporter.failed(str(error))
        return 1
    finally:
        stopping.cancel()
        await sandbox.stop()
    return 0


def _at_end_of_input(act: Callable[[], object]) -> None:
    def wait() -> None:
        sys.stdin.buffer.read()
        act()

    threading.Thread(target=wait, daemon=True).start()


def main() -> int:
    """Entry point; the exit code."""
    leave_account()
    options, given = parse(sys.argv[1:])
    return asyncio.run(run(options, Reporter(given.json), attached=given.attached))


if __name__ == "__main__":
    sys.exit(main())
