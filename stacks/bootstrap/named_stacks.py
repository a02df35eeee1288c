"""Which stacks a role is for: all previews, or one long-lived stack; and what their resources are called by."""

from dataclasses import dataclass
from typing import Final

from stacks.stack_names import name_start

PROJECT: Final = "streamways"
"""The project whose stacks are deployed, as the Pulumi.yaml of the main program says."""
PREVIEWS: Final = "pr-*"
"""The names of previews (`streamways/previews/names.py`)."""


@dataclass(frozen=True)
class Stacks:
    """Stacks of the project in one account and region."""

    name: str
    """The stack, or `pr-*`. It holds no wildcard but that of the previews."""
    region: str
    account: str
    pool_stack: str | None = None
    """The stack whose user pool they take; None for pools of their own."""

    @property
    def own(self) -> str:
        """What the names of their resources match."""
        return f"{name_start(PROJECT, self.name)}*"

    def arn(self, pattern: str) -> str:
        """An ARN pattern with its places filled in."""
        return pattern.format(
            region=self.region, account=self.account, own=self.own, stack=f"{PROJECT}-{self.name}", project=PROJECT
        )
