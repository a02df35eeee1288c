"""The setting `permissionsBoundary`: the most that the roles of a stack may do, whatever their policies say.

A deployer that may make roles at all may make them with this boundary alone (docs/bootstrap.md).
"""

import re
from collections.abc import Mapping
from typing import Any, Final

import pulumi

from stacks.settings.reader import ConfigReader

KEY: Final = "permissionsBoundary"
_POLICY = re.compile(r"(arn:aws:iam::[0-9]{12}:policy/[\w+=,.@/-]+)?", re.ASCII)
_ROLE: Final = "aws:iam/role:Role"


def read_boundary(reader: ConfigReader) -> str | None:
    """The ARN of a managed policy of the account; None for roles without a boundary."""
    return reader.matching(KEY, _POLICY, "the ARN of a policy of your account, or leave it empty") or None


def bounded(boundary: str | None) -> list[pulumi.ResourceTransformation]:
    """What gives each role the boundary, to be put into the options of what makes roles."""

    def with_boundary(args: pulumi.ResourceTransformationArgs) -> pulumi.ResourceTransformationResult | None:
        if args.type_ != _ROLE:
            return None
        given: Mapping[str, Any] = args.props
        return pulumi.ResourceTransformationResult({**given, "permissions_boundary": boundary}, args.opts)

    return [] if boundary is None else [with_boundary]
