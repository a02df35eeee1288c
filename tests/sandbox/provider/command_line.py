"""Pulumi's own command line against a sandbox, where there is one on the path."""

import json
import os
import subprocess
from collections.abc import Mapping
from pathlib import Path

from sandbox.options import PROJECT_ROOT
from tests.support.sandbox import RunningSandbox

STACK = "cli"
WAIT_SECONDS = 600
Work = Mapping[str, int]
"""How many resources a command has had to do with, by the engine's word for it: `create`, `update`, `same`, …"""


class CommandLine:
    """One stack in a backend of its own, in a folder that goes with the test."""

    def __init__(self, folder: Path, sandbox: RunningSandbox) -> None:
        self._folder = folder
        (folder / "backend").mkdir()
        self._environment = {
            **os.environ,
            "PULUMI_BACKEND_URL": f"file://{folder / 'backend'}",
            "PULUMI_CONFIG_PASSPHRASE": "",
            "PULUMI_SKIP_UPDATE_CHECK": "true",
            "PULUMI_DEBUG_PROVIDERS": f"aws:{sandbox.state.provider_port}",
        }
        self._run("stack", "init", STACK)
        self.set("aws:region", sandbox.state.region)
        self.set("cognitoEndpoint", f"{sandbox.state.origin}/cognito")

    def set(self, key: str, value: str) -> None:
        """`pulumi config set --path`."""
        self._run("config", "set", "--path", key, value, *self._stack)

    def work(self, verb: str) -> Work:
        """`up`, `refresh` or `destroy`, and what it did."""
        events = self._folder / f"{verb}.events"
        events.unlink(missing_ok=True)
        self._run(verb, "--yes", "--skip-preview", "--non-interactive", "--event-log", str(events), *self._stack)
        summaries = [json.loads(line).get("summaryEvent") for line in events.read_text().splitlines()]
        (summary,) = [found for found in summaries if found]
        return summary["resourceChanges"]

    @property
    def _stack(self) -> tuple[str, ...]:
        return ("--stack", STACK, "--config-file", str(self._folder / "Pulumi.cli.yaml"))

    def _run(self, *arguments: str) -> None:
        done = subprocess.run(
            ["pulumi", *arguments],
            cwd=PROJECT_ROOT,
            env=self._environment,
            capture_output=True,
            text=True,
            timeout=WAIT_SECONDS,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
