"""The most that a role of a stack may do, whatever its policies say: what its functions do at run time, and
users who have AWS credentials.

A deployer can write any policy for the roles that it makes. The boundary keeps such a role from doing more than a stack
of its own needs. https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_boundaries.html
"""

from collections.abc import Mapping
from typing import Final

from stacks.bootstrap.documents import Values, allow
from stacks.bootstrap.named_stacks import Stacks

AT_RUN_TIME: Final[Mapping[str, str]] = {
    "arn:aws:logs:{region}:{account}:log-group:{own}": "logs:CreateLogStream logs:PutLogEvents",
    "arn:aws:dynamodb:{region}:{account}:table/{own}": (
        "dynamodb:BatchGetItem dynamodb:BatchWriteItem dynamodb:DeleteItem dynamodb:GetItem dynamodb:PutItem "
        "dynamodb:Query dynamodb:UpdateItem"
    ),
    "arn:aws:lambda:{region}:{account}:function:{own}": "lambda:InvokeFunction lambda:InvokeFunctionUrl",
    "arn:aws:secretsmanager:{region}:{account}:secret:{own}": "secretsmanager:GetSecretValue",
    # Ids, not names: IAM cannot tell whose API it is.
    "arn:aws:execute-api:{region}:{account}:*/@connections/*": "execute-api:ManageConnections",
    "arn:aws:appsync:{region}:{account}:apis/*": "appsync:GraphQL",
    # A geographic profile routes to models in other regions, a global one to a model without one.
    "arn:aws:bedrock:*::foundation-model/*": "bedrock:InvokeModelWithResponseStream",
    "arn:aws:bedrock:{region}:{account}:inference-profile/*": "bedrock:InvokeModelWithResponseStream",
    "arn:aws:bedrock:{region}:{account}:guardrail/*": "bedrock:ApplyGuardrail",
    "*": "xray:PutTelemetryRecords xray:PutTraceSegments",
}
"""ARN pattern, as in `privileges/` → actions, set apart by a space."""


def boundary_of(stacks: Stacks) -> list[Values]:
    """The statements of the boundary of these stacks' roles."""
    return [allow(actions.split(), [stacks.arn(pattern)]) for pattern, actions in AT_RUN_TIME.items()]
