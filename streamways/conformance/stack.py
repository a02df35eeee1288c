"""The stack that the suite runs against."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal, Self

from joserfc.util import json_b64decode

from sandbox.state import State
from shared.contract.architectures import DESCRIPTORS
from shared.contract.tiers import Tier
from streamways.clients.outputs import StackOutputs
from streamways.clients.signing import UserSigner, signer_of
from streamways.conformance.sandbox_control import SandboxControl

Need = Literal["sandbox", "second user", "another client", "signing users", "short timeout", "scaled time"]
User = Literal["first", "second"]
Token = User | Literal["another client"]
"""Whose token; that of another client is the first user's, issued to an application that the stack does not know."""
TIERS: Mapping[User, Tier] = {"first": Tier.ENTERPRISE, "second": Tier.PRO}
"""Whose tokens a sandbox gives."""

GENERATING = tuple(one.generates for one in DESCRIPTORS.values())
"""How the names of the functions that generate begin."""
SHORT_SECONDS = 15.0
"""A function whose timeout is longer is not waited for."""
FAST_SCALE = 0.05
"""A sandbox whose time runs no faster than that is not waited for."""


@dataclass(frozen=True)
class StackUnderTest:
    """A stack, access tokens of its users, and the sandbox that it runs in, if it does."""

    outputs: StackOutputs
    tokens: Mapping[Token, str]
    signer: UserSigner | None = None
    """What signs all requests to the function URL, as the first user; None where users do not sign."""
    sandbox: SandboxControl | None = None
    function_seconds: float = 60
    """Timeout of the functions that generate: the program's default."""
    time_scale: float = 1.0

    @classmethod
    def of_sandbox(cls, state: State, token: Callable[[str], str], id_token: Callable[[str], str]) -> Self:
        """The stack in a running sandbox; `token` and `id_token` get those of the demo user of a tier."""
        outputs = StackOutputs.from_json(state.outputs)
        seconds = [each for name, each in state.function_seconds.items() if name.startswith(GENERATING)]
        return cls(
            outputs,
            {user: token(tier) for user, tier in TIERS.items()},
            signer_of(outputs, id_token(TIERS["first"])),
            SandboxControl(state.origin, state.control_key),
            function_seconds=max(seconds, default=cls.function_seconds),
            time_scale=state.time_scale,
        )

    def lacks(self, need: Need) -> str | None:
        """Why a case with this need cannot run here; None when it can."""
        match need:
            case "sandbox" if self.sandbox is None:
                return "needs the sandbox, which can do harm on purpose"
            case "second user" if "second" not in self.tokens:
                return "needs a token of a second user: set STREAMWAYS_SECOND_TOKEN"
            case "another client" if self.sandbox is None and "another client" not in self.tokens:
                return "needs a token that another client of the pool was given: set STREAMWAYS_OTHER_CLIENT_TOKEN"
            case "signing users" if self.signer is None:
                return "needs users who sign what they send to the function URL: -c functionUrlAuth=AWS_IAM"
            case "short timeout" if self.function_seconds > SHORT_SECONDS:
                return "needs functions that end soon: -c timeoutSeconds=6"
            case "scaled time" if self.time_scale > FAST_SCALE:
                return "needs a clock that runs faster: --time-scale 0.01"
            case _:
                return None

    def sub(self, user: User) -> str:
        """Who the user's token speaks for, as it says itself."""
        return str(json_b64decode(self.tokens[user].split(".")[1].encode())["sub"])
