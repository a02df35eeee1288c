"""What API Gateway logs of a WebSocket API: who connected, which frames came, and how each was answered.

https://docs.aws.amazon.com/apigateway/latest/developerguide/websocket-api-logging.html
"""

import json
from typing import Final

import pulumi
import pulumi_aws as aws

from stacks.arguments import FunctionLimits
from stacks.log_group import log_group

FIELDS: Final = (
    *("requestId", "requestTimeEpoch", "connectionId", "eventType", "messageId", "routeKey", "status"),
    *("integrationStatus", "error.responseType", "authorizer.principalId", "identity.sourceIp"),
)
"""Variables of `$context`: none has a word of a client's, a ticket or a token. A text of AWS's own about an error could
quote one, so its kind stands for it.

https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-websocket-api-mapping-template-reference.html
"""
FORMAT: Final = json.dumps({field: f"$context.{field}" for field in FIELDS})
"""One line of JSON for each event."""


def access_logs(
    name: str, limits: FunctionLimits, parent: pulumi.Resource
) -> aws.apigatewayv2.StageAccessLogSettingsArgs:
    """The settings of a stage that logs into a group of its own, which is kept as the functions' are."""
    group = log_group(f"{name}-access-logs", limits, parent)
    return aws.apigatewayv2.StageAccessLogSettingsArgs(destination_arn=group.arn, format=FORMAT)
