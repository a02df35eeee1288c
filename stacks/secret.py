"""Secrets: the program makes each without a value, and a person writes it. So no state and no configuration holds one.

https://docs.aws.amazon.com/secretsmanager/latest/userguide/manage_create-basic-secret.html
"""

from typing import Final, TypedDict

import pulumi
import pulumi_aws as aws

from stacks.iam import Statement

RECOVERY_DAYS: Final = 0
"""A deleted secret is gone: nobody needs a value again that can be written anew, and a name is never used twice."""


class EmptySecretArgs(TypedDict):
    """Arguments of `EmptySecret`."""

    description: pulumi.Input[str]
    """What the secret is for, as the console shows it."""


class EmptySecret(pulumi.ComponentResource):
    """A secret that waits for its value, under the key that AWS has for Secrets Manager."""

    arn: pulumi.Output[str]
    """ARN of the secret: for the environment of the function that reads it, and for the person who writes it."""

    def __init__(self, name: str, args: EmptySecretArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("streamways:index:EmptySecret", name, {}, opts)
        secret = aws.secretsmanager.Secret(
            name,
            description=args["description"],
            recovery_window_in_days=RECOVERY_DAYS,
            opts=pulumi.ResourceOptions(parent=self),
        )
        self.arn = secret.arn
        self.register_outputs({"arn": self.arn})


def read_secret(arn: pulumi.Input[str]) -> Statement:
    """May read the values of one secret. AWS's own key asks its callers for no permission."""
    return {"actions": ["secretsmanager:GetSecretValue"], "resources": [arn]}
