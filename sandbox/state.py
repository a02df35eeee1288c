"""What a running sandbox tells other processes: `.sandbox/<port>/state.json`, readable by its owner alone.

A sandbox holds a lock on `.sandbox/<port>/lock` for as long as its process lives, however it ends. So a state file
whose lock is free is stale, whatever became of its process id.
"""

import fcntl
import json
import os
import shutil
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from sandbox.iam.credentials import Keys

OWNER_ONLY = 0o600
CLAIM_SECONDS = 2.0
"""How long a claim waits for a lock: a reader holds it for microseconds, a sandbox that is stopping a little longer."""


@dataclass(frozen=True)
class DemoUser:
    """A user of the program's user pool, made by the sandbox; the password is random and lives as long as it."""

    tier: str
    username: str
    password: str = field(repr=False)


@dataclass(frozen=True)
class State:
    """One running sandbox. `outputs` are the program's stack outputs; `origin` has no trailing slash."""

    pid: int
    port: int
    origin: str
    control_key: str = field(repr=False)
    """Value of the header `X-Sandbox-Key` for `{origin}/_sandbox/…`."""
    started_at: str
    """UTC, ISO 8601."""
    region: str
    outputs: Mapping[str, Any]
    credentials: Keys
    """AWS keys that may do anything in this sandbox and are worth nothing elsewhere."""
    users: tuple[DemoUser, ...] = field(default=())
    ca_file: str | None = None
    """Path of the certificate authority that clients must trust (PEM); None without TLS."""
    function_seconds: Mapping[str, int] = field(default_factory=dict[str, int])
    """Timeout of each function, by its name."""
    time_scale: float = 1.0
    """See `SandboxOptions.time_scale`."""
    provider_port: int | None = None
    """Where it serves a Pulumi provider; None when it runs the program itself."""


def attachment(state: State) -> list[str]:
    """What a person types to have a real engine deploy into this sandbox; nothing for one that runs the program."""
    if state.provider_port is None:
        return []
    return [
        f"export PULUMI_DEBUG_PROVIDERS=aws:{state.provider_port}",
        f"pulumi config set aws:region {state.region}",
        f"pulumi config set cognitoEndpoint {state.origin}/cognito",
        f"pulumi config set identityEndpoint {state.origin}/cognito-identity",
    ]


def folder(state_root: Path, port: int) -> Path:
    """The folder of the sandbox on `port`: its state, its lock, `program.log`, `sandbox.log` and `logs/`."""
    return state_root / str(port)


class Claim:
    """The right of one sandbox to its folder, from `claim` to `release`."""

    def __init__(self, path: Path, lock: int) -> None:
        self.path = path
        self._lock = lock

    def publish(self, state: State) -> Path:
        """Write the state file, whole or not at all, and return its path."""
        target, draft = self.path / "state.json", self.path / "state.json.draft"
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, OWNER_ONLY)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            json.dump(_to_json(state), file, indent=2)
        draft.replace(target)
        return target

    def release(self) -> None:
        """Remove the state file and let go of the lock; logs stay until the next sandbox on this port."""
        (self.path / "state.json").unlink(missing_ok=True)
        os.close(self._lock)


def claim(state_root: Path, port: int) -> Claim | None:
    """Take the folder of `port`, emptied of what an earlier sandbox left; None when a living one holds it."""
    path = folder(state_root, port)
    path.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(path / "lock", os.O_RDWR | os.O_CREAT, OWNER_ONLY)
    deadline = time.monotonic() + CLAIM_SECONDS
    while not _try_lock(descriptor):
        if time.monotonic() > deadline:
            os.close(descriptor)
            return None
        time.sleep(0.02)
    for entry in path.iterdir():
        if entry.name != "lock":
            shutil.rmtree(entry) if entry.is_dir() else entry.unlink()
    return Claim(path, descriptor)


def running(state_root: Path) -> list[State]:
    """The sandboxes that run now, by port; state files of dead ones are removed on the way."""
    found: list[State] = []
    for path in state_root.glob("*/state.json"):
        state = read(state_root, int(path.parent.name)) if path.parent.name.isdecimal() else None
        if state is not None:
            found.append(state)
    return sorted(found, key=lambda state: state.port)


def read(state_root: Path, port: int) -> State | None:
    """The state of the sandbox on `port`, or None when none runs there."""
    path = folder(state_root, port)
    if not _is_held(path / "lock"):
        (path / "state.json").unlink(missing_ok=True)
        return None
    try:
        return _from_json(json.loads((path / "state.json").read_text(encoding="utf-8")))
    except FileNotFoundError:  # held, but not ready yet
        return None


def _try_lock(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _is_held(lock: Path) -> bool:
    try:
        descriptor = os.open(lock, os.O_RDWR)
    except FileNotFoundError:
        return False
    try:
        return not _try_lock(descriptor)
    finally:
        os.close(descriptor)


_NAMES = {
    "control_key": "controlKey",
    "started_at": "startedAt",
    "ca_file": "caFile",
    "function_seconds": "functionSeconds",
    "time_scale": "timeScale",
    "provider_port": "providerPort",
}


def _to_json(state: State) -> dict[str, Any]:
    return {_NAMES.get(key, key): value for key, value in asdict(state).items()}


def _from_json(document: dict[str, Any]) -> State:
    values = {key: document[_NAMES.get(key, key)] for key in State.__dataclass_fields__}
    values["credentials"] = Keys(**values["credentials"])
    values["users"] = tuple(DemoUser(**user) for user in values["users"])
    return State(**values)
