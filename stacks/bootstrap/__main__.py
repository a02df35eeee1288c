"""What `pulumi -C stacks/bootstrap up` runs: the settings of this account, deployed."""

import pulumi

from stacks.bootstrap.program import deploy
from stacks.bootstrap.settings import BootstrapSettings
from stacks.errors import StacksError

try:
    deploy(BootstrapSettings.load())
except StacksError as error:
    # RunError is shown as its message alone, without a stack trace.
    raise pulumi.RunError(str(error)) from error
