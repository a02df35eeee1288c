"""A role with which GitHub Actions deploys, and the boundary of the roles that it makes."""

from collections.abc import Sequence
from typing import Final, TypedDict

import pulumi
import pulumi_aws as aws

from stacks.bootstrap.boundary import boundary_of
from stacks.bootstrap.documents import Values, document, packed
from stacks.bootstrap.named_stacks import Stacks

PATH: Final = "/streamways-bootstrap/"
"""Of what is ours in IAM. No name of a stack's role begins so: a deployer cannot change itself or a boundary."""
SESSION_SECONDS: Final = 3_600


class DeployerArgs(TypedDict):
    """Arguments of `Deployer`."""

    trust: pulumi.Input[str]
    """The trust policy."""
    statements: Sequence[Values]
    """What it may do; as many policies as it takes."""
    state: pulumi.Input[str]
    """The policy for its state."""


class Deployer(pulumi.ComponentResource):
    """A role for jobs of a repository."""

    role_arn: pulumi.Output[str]
    """What a job assumes."""

    def __init__(self, name: str, args: DeployerArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("streamways:bootstrap:Deployer", name, {}, opts)
        child = pulumi.ResourceOptions(parent=self)
        role = aws.iam.Role(
            name, path=PATH, assume_role_policy=args["trust"], max_session_duration=SESSION_SECONDS, opts=child
        )
        for number, text in enumerate([args["state"], *packed(args["statements"])]):
            part = f"{name}-{number}"
            policy = aws.iam.Policy(part, path=PATH, policy=text, opts=child)
            aws.iam.RolePolicyAttachment(part, role=role.name, policy_arn=policy.arn, opts=child)
        self.role_arn = role.arn
        self.register_outputs({"role_arn": self.role_arn})


def boundary_arn(name: str, stacks: Stacks) -> str:
    """The ARN of `boundary`. It is known before the policy is made: the deployer's policies name it."""
    return f"arn:aws:iam::{stacks.account}:policy{PATH}{name}-{stacks.region}"


def boundary(name: str, stacks: Stacks, opts: pulumi.ResourceOptions) -> pulumi.Output[str]:
    """Make the permissions boundary for the roles of `stacks`; its ARN."""
    policy = aws.iam.Policy(
        name, name=f"{name}-{stacks.region}", path=PATH, policy=document(boundary_of(stacks)), opts=opts
    )
    return policy.arn
