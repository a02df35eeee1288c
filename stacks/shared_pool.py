"""The user pool of another stack of this program, found by a stack reference.

https://www.pulumi.com/docs/iac/concepts/stacks/#stackreferences
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import pulumi

from shared.contract.outputs import Output

NEEDED: Final = (Output.USER_POOL_ID, Output.COGNITO_ENDPOINT, Output.REGION)
"""What the other stack must export."""


@dataclass(frozen=True)
class SharedPool:
    """A pool that another stack owns."""

    user_pool_id: pulumi.Output[str]
    endpoint: pulumi.Output[str]
    """Where its users sign in, without a trailing slash."""


def pool_of_stack(name: str, region: str) -> SharedPool:
    """The pool of the stack `name`, which is in `region`.

    Raises `pulumi.RunError` for the running stack itself; for a stack without a pool, or in another region, its outputs
    fail with one.
    """
    own = f"{pulumi.get_organization()}/{pulumi.get_project()}/{pulumi.get_stack()}"
    if name == own:
        # The stack would delete its own pool, and go on with the id of it.
        raise _wrong(name, "this is the stack itself; leave identityStack out where the pool is to be")
    reference = pulumi.StackReference("identity-stack", stack_name=name)
    outputs = pulumi.Output.all(**{str(output): reference.get_output(output) for output in NEEDED})
    checked = outputs.apply(lambda found: _checked(name, region, found))
    return SharedPool(checked[Output.USER_POOL_ID], checked[Output.COGNITO_ENDPOINT])


def _checked(name: str, region: str, found: Mapping[str, object]) -> dict[str, str]:
    texts = {output: value for output, value in found.items() if isinstance(value, str) and value}
    if missing := [output for output in NEEDED if output not in texts]:
        what = f"that stack has no output {' and no '.join(missing)}"
        raise _wrong(name, f"{what}; name a stack of this program that is up and has a user pool")
    if texts[Output.REGION] != region:
        where = f"that stack is in {texts[Output.REGION]}, and this one in {region}"
        raise _wrong(name, f"{where}; a pool is shared within one region")
    return texts


def _wrong(name: str, what: str) -> pulumi.RunError:
    return pulumi.RunError(f"{pulumi.get_project()}:identityStack is {name!r}: {what}.")
