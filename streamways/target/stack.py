"""Which stack a command speaks to, and as whom: one from a file of outputs, or a sandbox that runs on this machine."""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from sandbox import state
from sandbox.options import SandboxOptions
from shared.contract.outputs import Output
from shared.contract.tiers import Tier
from streamways.clients.outputs import OutputsError, StackOutputs
from streamways.clients.signing import ID_TOKEN_VARIABLE, UserSigner, signer_of
from streamways.errors import CommandError, Misuse
from streamways.target.control import Control, trust

TOKEN_VARIABLE = "STREAMWAYS_TOKEN"
DEFAULT_TIER = Tier.ENTERPRISE
"""Whoever compares architectures is not to be kept waiting by the limits of a tier."""


@dataclass(frozen=True)
class Stack:
    """A stack and a user's access token for it."""

    outputs: StackOutputs
    token: str
    emulated: bool
    """Whether it is a sandbox; else its figures are those of wherever the outputs lead to."""
    signer: UserSigner | None = None
    """What signs the user's requests to a function URL; None where nothing is to be signed."""


def stack_of(outputs_file: Path | None, port: int | None) -> Stack:
    """The stack in `outputs_file` with the token of the environment, else the running sandbox with a demo user's token.

    Raises CommandError.
    """
    if outputs_file is None:
        return sandbox_stack(running_sandbox(port))
    try:
        outputs = StackOutputs.from_file(outputs_file)
    except OutputsError as error:
        raise Misuse(str(error)) from error
    needed = "with --outputs it must hold an access token of a user of that stack"
    return Stack(outputs, _own_token(needed), emulated=False, signer=own_signer(outputs))


def own_signer(outputs: StackOutputs) -> UserSigner | None:
    """What signs with the ID token of the environment; that one is missed when something is to be signed."""
    return signer_of(outputs, os.environ.get(ID_TOKEN_VARIABLE, "").strip())


def sandbox_stack(running: state.State) -> Stack:
    """The stack in a sandbox with a demo user's token; with that of the environment where a foreign issuer signs.

    Raises CommandError.
    """
    outputs, issuer = sandbox_outputs(running), foreign_issuer(running)
    if issuer is None:
        control = Control.of(running)
        signer = signer_of(outputs, control.id_token(DEFAULT_TIER))
        return Stack(outputs, control.token(DEFAULT_TIER), emulated=True, signer=signer)
    needed = f"this sandbox takes the tokens of {issuer}: sign in there, and set it to an access token"
    return Stack(outputs, _own_token(needed), emulated=True)


def foreign_issuer(running: state.State) -> str | None:
    """The issuer of the tokens that a stack without a user pool takes; None for a stack with one."""
    issuer = running.outputs.get(Output.ISSUER)
    return None if Output.USER_POOL_ID in running.outputs or not isinstance(issuer, str) else issuer


def with_demo_users(running: state.State) -> state.State:
    """The same sandbox. Raises CommandError where no user of it can be signed in: a foreign issuer has them."""
    if issuer := foreign_issuer(running):
        raise CommandError(f"there are no demo users: this sandbox takes the tokens of {issuer}; sign in there")
    return running


def _own_token(needed: str) -> str:
    token = os.environ.get(TOKEN_VARIABLE, "").strip()
    if not token:
        raise Misuse(f"{TOKEN_VARIABLE} is not set; {needed}")
    return token


def running_sandbox(port: int | None) -> state.State:
    """The sandbox on `port`, or the only one that runs. Raises CommandError."""
    found = _one_of(state.running(SandboxOptions().state_root), port)
    trust(found)
    return found


def _one_of(running: Sequence[state.State], port: int | None) -> state.State:
    if port is not None:
        found = next((one for one in running if one.port == port), None)
        if found is not None:
            return found
    elif len(running) == 1:
        return running[0]
    ports = ", ".join(str(one.port) for one in running)
    if port is None and running:
        raise Misuse(f"{len(running)} sandboxes run, on ports {ports}; choose one with --port")
    where = "" if port is None else f" on port {port}"
    others = f" (but on {ports})" if ports else ""
    raise CommandError(f"no sandbox runs{where}{others}; start one with: streamways sandbox start")


def sandbox_outputs(running: state.State) -> StackOutputs:
    """The outputs of the program that a sandbox deployed. Raises CommandError."""
    try:
        return StackOutputs.from_json(running.outputs)
    except OutputsError as error:
        raise CommandError(f"the outputs of the program cannot be used: {error}; see stacks/program.py") from error
