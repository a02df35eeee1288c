"""What `pulumi up` runs: the settings of this stack, deployed."""

import pulumi

from stacks.errors import StacksError
from stacks.program import deploy
from stacks.settings.stack import Settings

try:
    deploy(Settings.load())
except StacksError as error:
    # RunError is shown as its message alone, without a stack trace.
    raise pulumi.RunError(str(error)) from error
