"""The sign-in clients that people have: `amazon-cognito-identity-js` and Amplify in Node, pycognito in Python.

Each runs in a process of its own, against a pool that is told to it: `{"cognitoEndpoint", "region", "userPoolId",
"userPoolClientId"}`, as `streamways users --json` prints it.
"""

import hashlib
import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

from tests.support import node
from tests.support.sandbox import RunningSandbox

FOLDER = "tests/node/sign-in"
MANIFEST = f"{FOLDER}/package.json"
STEPS = node.ROOT / FOLDER / "sign-in.mjs"
PATIENCE_SECONDS = 60

Client = Literal["identity-js", "amplify"]
CLIENTS: tuple[Client, ...] = ("identity-js", "amplify")


def pool_of(sandbox: RunningSandbox) -> dict[str, str]:
    """What a client must know of the pool of a sandbox."""
    outputs = sandbox.outputs.to_json()
    return {name: outputs[name] for name in ("cognitoEndpoint", "region", "userPoolId", "userPoolClientId")}


def steps(client: Client, pool: Mapping[str, str], *acts: Mapping[str, object]) -> Sequence[dict[str, Any]]:
    """Has a client do this, one after the other, and returns what came of each; see `sign-in.mjs`."""
    command = json.dumps({"client": client, "pool": pool, "steps": acts})
    return json.loads(in_node(STEPS.read_text(), command))


def in_node(script: str, given: str) -> str:
    """What a module prints that finds the clients' packages, and reads `given` from standard input."""
    folder = node.installed(MANIFEST, {})
    file = folder / f"{hashlib.sha256(script.encode()).hexdigest()[:16]}.{os.getpid()}.mjs"
    file.write_text(script)
    try:
        return _output([node.NODE, file], given)
    finally:
        file.unlink()


def in_python(script: str, given: str) -> str:
    """The same in Python, for pycognito."""
    return _output([sys.executable, "-c", script], given)


def _output(command: Sequence[str | Path], given: str) -> str:
    ran = subprocess.run(command, input=given, capture_output=True, text=True, check=False, timeout=PATIENCE_SECONDS)
    assert ran.returncode == 0, ran.stderr
    return ran.stdout
