"""Runs the examples of the documentation, with the packages that `tests/examples/` names."""

import json
import os
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from tests.support import node
from tests.support.sandbox import RunningSandbox

MANIFEST = "tests/examples/package.json"
PATIENCE_SECONDS = 60


def installed() -> Path:
    """A folder with the examples, below one with their packages."""
    return node.installed(MANIFEST, node.files("docs/examples", "tests/examples/run.mjs"))


def asked(
    example: str,
    sandbox: RunningSandbox,
    text: str,
    *,
    token: str | None = None,
    chat_id: str = "",
    cuts: Sequence[int] = (),
    stop: int | None = None,
) -> list[dict[str, Any]]:
    """The parts that an example shows, and `{"failed": {"message", "code"?}}` at the end if it did: see `run.mjs`."""
    question = {
        "stack": sandbox.outputs.to_json(),
        "token": sandbox.token() if token is None else token,
        "chatId": chat_id or f"chat-{os.urandom(8).hex()}",
        "text": text,
        "cuts": list(cuts),
        "stop": stop,
    }
    trust = {"NODE_EXTRA_CA_CERTS": sandbox.state.ca_file} if sandbox.state.ca_file else {}
    run = subprocess.run(
        [node.NODE, "tests/examples/run.mjs", example],
        cwd=installed(),
        env={**os.environ, **trust},
        input=json.dumps(question),
        capture_output=True,
        text=True,
        timeout=PATIENCE_SECONDS,
        check=False,
    )
    assert run.returncode == 0, run.stderr
    return [json.loads(line) for line in run.stdout.splitlines()]


def text_of(parts: Sequence[Mapping[str, Any]]) -> str:
    """The text of these parts."""
    return "".join(part["delta"] for part in parts if part.get("type") == "text-delta")
