"""The Pulumi CLI: which stacks there are, what the state of one holds, and the one call that destroys a stack."""

import json
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final, cast

from streamways.errors import CommandError

LIST: Final = ("pulumi", "stack", "ls", "--json", "--non-interactive")
EXPORT: Final = ("pulumi", "stack", "export", "--non-interactive", "--stack")
DESTROY: Final = ("pulumi", "destroy", "--yes", "--remove", "--skip-preview", "--non-interactive", "--stack")
"""Destroys the resources, then removes the stack and its history. The program does not run: `--run-program` is off.

https://www.pulumi.com/docs/iac/cli/commands/pulumi_destroy/
"""
LIST_SECONDS: Final = 300
"""Longer than any backend takes. `destroy` has no bound of its own: to end it half-way would leave a lock behind."""


@dataclass(frozen=True)
class Stack:
    """A row of `pulumi stack ls --json`."""

    name: str
    last_update: datetime | None
    """None for a stack that was never updated, and while its first update runs."""
    update_in_progress: bool
    """Only Pulumi Cloud knows. A self-managed backend has a lock instead, at which `destroy` fails."""


def stacks() -> list[Stack]:
    """The stacks of this project. Raises CommandError unless the answer is whole and understood."""
    printed = _printed(LIST)
    try:
        rows: object = json.loads(printed)
        if not isinstance(rows, list):
            raise TypeError("no list")
        return [_stack(row) for row in cast("list[Any]", rows)]
    except (ValueError, TypeError, KeyError) as error:
        raise CommandError(
            f"`pulumi stack ls --json` printed something else than a list of stacks ({error}); nothing was destroyed"
        ) from error


def export(stack: str) -> str:
    """The state of a stack, with its secrets encrypted. It loads no plugin. Raises CommandError."""
    return _printed([*EXPORT, stack])


def destroy(stack: str) -> bool:
    """Destroy a stack; whether it is gone. What Pulumi prints goes where this process prints."""
    return subprocess.run([*DESTROY, stack], check=False, stdin=subprocess.DEVNULL, stdout=_LOG).returncode == 0


_LOG: Final = 2
"""Standard error: standard output is the command's own, and may be JSON."""


def _printed(command: Sequence[str]) -> str:
    """What a command prints that only reads. Raises CommandError."""
    called = " ".join(command[:3])
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=LIST_SECONDS)
    except OSError as error:
        raise CommandError(f"pulumi cannot be run: {error.strerror}; install the Pulumi CLI") from error
    except subprocess.TimeoutExpired as error:
        raise CommandError(f"`{called}` did not answer within {LIST_SECONDS} s; run the sweep again") from error
    if done.returncode != 0:
        said = (done.stderr.strip().splitlines() or ["it said nothing"])[-1]
        raise CommandError(f"`{called}` failed: {said}; check PULUMI_BACKEND_URL and the credentials")
    return done.stdout


def _stack(row: Any) -> Stack:
    name, moment = row["name"], row.get("lastUpdate")
    in_progress = row.get("updateInProgress", False)
    if not isinstance(name, str) or not isinstance(in_progress, bool):
        raise TypeError(f"the row {json.dumps(row)}")
    return Stack(name, None if moment is None else _moment(moment), in_progress)


def _moment(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
