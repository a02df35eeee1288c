"""Physical names that begin with project and stack, where the stack's configuration asks Pulumi for them.

IAM can keep a deployer within a stack only by names that tell whose they are (docs/bootstrap.md).
https://www.pulumi.com/docs/iac/concepts/resources/names/#autonaming-configuration
"""

from typing import Final

from stacks.errors import SettingsError

AUTONAMING: Final = "pulumi:autonaming"
PATTERN: Final = "${project}-${stack}-${name}-${hex(7)}"
"""What `pulumi:autonaming` has for `pattern`."""
LONGEST_NAME: Final = 64
"""Of a function and of a role: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html"""
SUFFIX_CHARACTERS: Final = 8
LONGEST_OWN_NAME: Final = 28
"""The program's own name for a function, a role or a schedule is no longer."""


def name_start(project: str, stack: str) -> str:
    """What such a name begins with."""
    return f"{project}-{stack}-"


def longest_stack(project: str) -> int:
    """Characters of a stack's name that leave room for the rest."""
    return LONGEST_NAME - len(name_start(project, "")) - LONGEST_OWN_NAME - SUFFIX_CHARACTERS


def check_stack_name(project: str, stack: str) -> None:
    """Refuse a stack whose name leaves no room for the rest. Raises SettingsError."""
    most = longest_stack(project)
    if len(stack) > most:
        raise SettingsError(
            [
                f"The stack {stack!r} has {len(stack)} characters, and with {AUTONAMING} the names of its resources "
                f"begin with it: choose a name of at most {most}."
            ]
        )
