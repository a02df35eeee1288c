"""A real sandbox for tests: a process, started as `streamways sandbox start` does, spoken to over its sockets."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

from sandbox import state
from sandbox.options import DEFAULT_PORT, PROJECT_ROOT
from streamways.clients.outputs import StackOutputs

FAST = ("--first-token-ms", "20", "--tokens-per-second", "400")


def worker_port() -> int:
    """Each test worker has a port of its own: 9101, 9102, …"""
    worker = os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw")
    return DEFAULT_PORT + 1 + int(worker)


@dataclass(frozen=True)
class RunningSandbox:
    """A sandbox that is ready."""

    state: state.State
    folder: Path

    @property
    def outputs(self) -> StackOutputs:
        return StackOutputs.from_json(self.state.outputs)

    def token(self, tier: str = "enterprise") -> str:
        """An access token of the demo user of this tier."""
        return self.control("POST", "/token", {"tier": tier}).json()["accessToken"]

    def id_token(self, tier: str = "free") -> str:
        """An ID token of that user."""
        return self.control("POST", "/token", {"tier": tier}).json()["idToken"]

    def control(self, method: str, path: str, body: object = None) -> httpx.Response:
        """Asks the sandbox itself."""
        headers = {"x-sandbox-key": self.state.control_key}
        url = f"{self.state.origin}/_sandbox{path}"
        return httpx.request(method, url, json=body, headers=headers).raise_for_status()


@contextmanager
def running_sandbox(
    *arguments: str,
    config: Mapping[str, str] | None = None,
    environment: Mapping[str, str] | None = None,
    project: Path = PROJECT_ROOT,
) -> Iterator[RunningSandbox]:
    """A sandbox of a Pulumi project that lives as long as the block; it is stopped by the end of its standard input."""
    settings = [item for key, value in (config or {}).items() for item in ("-c", f"{key}={value}")]
    command = [sys.executable, "-m", "sandbox", "--json", "--attached", "--port", str(worker_port()), *arguments]
    process = subprocess.Popen(
        [*command, *settings],
        cwd=project,
        env={**os.environ, **(environment or {})},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        events = (json.loads(line) for line in process.stdout)
        last = next(event for event in events if event["event"] != "progress")
        assert last["event"] == "ready", last
        found = state.read(project / ".sandbox", last["port"])
        assert found is not None
        yield RunningSandbox(found, Path(last["state"]).parent)
    finally:
        process.stdin.close()
        process.wait(timeout=30)
        process.stdout.close()
        if process.stderr is not None:
            process.stderr.close()
