"""A log group, kept for as long as the settings say."""

import pulumi
import pulumi_aws as aws

from stacks.arguments import FunctionLimits, holding_data


def log_group(name: str, limits: FunctionLimits, parent: pulumi.Resource) -> aws.cloudwatch.LogGroup:
    """Make the group as a child of `parent`. It is not protected: what gives up its logs gives up the group."""
    return aws.cloudwatch.LogGroup(
        name,
        retention_in_days=limits["log_retention_days"],
        opts=holding_data(parent, {"retain": limits["retain_logs"]} if "retain_logs" in limits else {}),
    )
