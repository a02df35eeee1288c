"""Lists for people, of names and values."""

import json
from collections.abc import Mapping
from dataclasses import asdict

from sandbox.state import State
from streamways.clients.outputs import StackOutputs
from streamways.errors import CommandError
from streamways.target.stack import sandbox_outputs

SIGN_IN_OUTPUTS = ("cognitoEndpoint", "region", "userPoolId", "userPoolClientId")
"""The stack outputs that a client needs to sign a user in."""


def print_outputs(outputs: StackOutputs, *, as_json: bool) -> None:
    """The outputs, as one JSON object or a line each."""
    values = outputs.to_json()
    print(json.dumps(values, indent=2) if as_json else lines(values))


def print_users(running: State, *, as_json: bool) -> None:
    """The demo users as they were made, and what a client needs to sign one in. Raises CommandError."""
    if not running.users:
        raise CommandError(
            "there are no demo users: the program must declare a user pool with groups and export userPoolClientId"
        )
    outputs = sandbox_outputs(running).to_json()
    pool = {name: outputs[name] for name in SIGN_IN_OUTPUTS if name in outputs}
    if as_json:
        print(json.dumps({**pool, "users": [asdict(user) for user in running.users]}, indent=2))
        return
    rows = [("tier", "username", "password"), *((user.tier, user.username, user.password) for user in running.users)]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    print(lines(pool), end="\n\n")
    for row in rows:
        print("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())


def lines(values: Mapping[str, object]) -> str:
    """A line for each value, the values below each other."""
    width = max((len(name) for name in values), default=0)
    return "\n".join(f"{name:<{width}}  {value}" for name, value in values.items())
