"""The role with which API Gateway writes logs: one for an account and region, for every WebSocket and REST API in it.

https://docs.aws.amazon.com/apigateway/latest/developerguide/set-up-logging.html
"""

from typing import Final

import pulumi
import pulumi_aws as aws

from stacks.bootstrap.deployer import PATH
from stacks.iam import trust

LOG_POLICY: Final = "arn:aws:iam::aws:policy/service-role/AmazonAPIGatewayPushToCloudWatchLogs"
"""AWS keeps it up to date with what API Gateway does."""


def api_gateway_log_role(opts: pulumi.ResourceOptions) -> None:
    """Make the role and tell API Gateway of it. A role that the account had before is put aside."""
    role = aws.iam.Role("api-gateway-logs", path=PATH, assume_role_policy=trust("apigateway.amazonaws.com"), opts=opts)
    attached = aws.iam.RolePolicyAttachment("api-gateway-logs", role=role.name, policy_arn=LOG_POLICY, opts=opts)
    aws.apigateway.Account(
        "api-gateway",
        cloudwatch_role_arn=role.arn,
        # API Gateway tries the role at once.
        opts=pulumi.ResourceOptions.merge(opts, pulumi.ResourceOptions(depends_on=[attached])),
    )
