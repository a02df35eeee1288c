"""What the managed runtime brings, loaded once: this process forks the execution environments of Python functions.

`forks.Forks` starts it as a script, on the bare interpreter that functions get; so it imports the standard library and
those libraries alone. It has one thread and no connection but the one to the sandbox: a fork finds what it would find
in a new interpreter that has just imported the libraries, and imports the function's own code itself.

Messages on the socket are JSON. `{"module", "arguments", "directory", "environment"}`, with the writing end of a pipe
for the output, starts a fork; the answers are `{"ready": true}` once, `{"started": <pid>}` or `{"refused": <reason>}`
in the order of the requests, and `{"ended": <pid>, "code": <return code>}`.
"""

import contextlib
import gc
import importlib
import json
import os
import runpy
import select
import socket
import sys
import time
from pathlib import Path
from typing import Any

REQUEST_BYTES = 1 << 20
GUARD = "(read -r end <&3; kill -KILL 0) >/dev/null 2>&1 &"
"""Waits for the end of the sandbox, beside a fork in its group, and kills the group: see `process.py`."""


class Parent:
    """Serves requests until the sandbox is gone; in a fork, `serve` returns what the fork is to run."""

    def __init__(self, control: socket.socket, leash: int) -> None:
        self._control = control
        self._leash = leash
        self._poll = select.poll()
        self._poll.register(control, select.POLLIN)
        self._forks: dict[int, int] = {}
        """Process ids by file descriptors that become readable when the process ends."""

    def serve(self) -> "dict[str, Any] | None":
        """None at the end of the sandbox."""
        self._say(ready=True)
        while True:
            for descriptor, _ in self._poll.poll():
                if descriptor in self._forks:
                    self._bury(descriptor)
                    continue
                message, descriptors, _, _ = socket.recv_fds(self._control, REQUEST_BYTES, 1)
                if not message:
                    return None
                request = json.loads(message)
                if self._fork(descriptors[0]):
                    return request

    def _fork(self, output: int) -> bool:
        """Whether this is the fork."""
        reading_end, writing_end = os.pipe()
        try:
            pid = os.fork()
        except OSError as error:
            os.close(writing_end)
            self._say(refused=str(error))
        else:
            if pid == 0:
                os.setsid()
                self._become_environment(output)
                return True
            os.close(writing_end)
            os.read(reading_end, 1)  # until the fork leads its own group, or is gone
            descriptor = os.pidfd_open(pid)
            self._forks[descriptor] = pid
            self._poll.register(descriptor, select.POLLIN)
            self._say(started=pid)
        os.close(reading_end)
        os.close(output)
        return False

    def _become_environment(self, output: int) -> None:
        os.dup2(output, 1)
        os.dup2(output, 2)
        # The shell ends at once, so that the guard is no child of the function's process.
        move = [(os.POSIX_SPAWN_DUP2, self._leash, 3)]
        os.waitpid(os.posix_spawn("/bin/sh", ["sh", "-c", GUARD], {}, file_actions=move), 0)
        for descriptor in [int(path.name) for path in Path("/proc/self/fd").iterdir()]:
            if descriptor > 2:
                with contextlib.suppress(OSError):  # the one that listed them is closed already
                    os.close(descriptor)

    def _bury(self, descriptor: int) -> None:
        self._poll.unregister(descriptor)
        os.close(descriptor)
        pid, status = os.waitpid(self._forks.pop(descriptor), 0)
        self._say(ended=pid, code=os.waitstatus_to_exitcode(status))

    def _say(self, **message: object) -> None:
        with contextlib.suppress(BrokenPipeError):
            self._control.send(json.dumps(message).encode())


def _run(request: "dict[str, Any]") -> None:
    """As `python -m <module> <arguments>` would, with this environment, in this directory."""
    # An interpreter sets the one when it finds no locale (https://peps.python.org/pep-0538/), its shell the other.
    set_at_start = {name: value for name, value in os.environ.items() if name == "LC_CTYPE"}
    os.environ.clear()
    os.environ.update(set_at_start, **request["environment"], PWD=request["directory"])
    time.tzset()
    os.chdir(request["directory"])
    sys.path.insert(0, request["directory"])
    sys.argv = [request["module"], *request["arguments"]]
    runpy.run_module(request["module"], run_name="__main__", alter_sys=True)


def _main() -> None:
    del sys.path[0]  # the folder of this file, whose modules no function may find
    for library in sys.argv[3:]:
        importlib.import_module(library)
    gc.collect()
    gc.freeze()  # else the first collection of each fork would write to, and so copy, all that is shared
    control = socket.socket(fileno=int(sys.argv[1]))
    control.set_inheritable(False)
    leash = int(sys.argv[2])
    os.set_inheritable(leash, False)
    request = Parent(control, leash).serve()
    if request is not None:
        _run(request)


if __name__ == "__main__":
    _main()
