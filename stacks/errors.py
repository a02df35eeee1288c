"""What can be wrong before AWS is asked anything.

    StacksError
      ├─ SettingsError    the configuration of a stack (`stacks/settings/stack.py`)
      ├─ ArgumentError    arguments of a component that contradict each other (`stacks/appsync_users.py`)
      ├─ StatementError   an IAM statement that allows nothing, or everything (`stacks/iam.py`)
      └─ PackageError     a function's package cannot be built, or is not one of ours (`stacks/packages/`)

Messages are for the person who runs the program: what was given, what is allowed, what to do.
"""

from collections.abc import Sequence


class StacksError(Exception):
    """Anything that the program refuses by itself."""


class SettingsError(StacksError):
    """The stack's configuration is wrong. `problems` holds one line for each thing to change."""

    def __init__(self, problems: Sequence[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = tuple(problems)


class ArgumentError(StacksError):
    """A component is given arguments that do not go together, or lacks one."""


class StatementError(StacksError):
    """An IAM statement names no action or resource, or all of them."""


class PackageError(StacksError):
    """Unknown package, code that cannot be followed, or dependencies that are neither cached nor downloadable."""
