"""IAM documents as pure functions: every statement names its actions and its resources.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_grammar.html
"""

import json
from collections.abc import Mapping, Sequence
from typing import Final, NotRequired, TypedDict, cast

import pulumi

from stacks.errors import StatementError

POLICY_VERSION = "2012-10-17"
FOR_ALL_VALUES = "ForAllValues:StringLike"
"""A condition on each of the keys that a call names: a batch names several."""
# https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/specifying-conditions.html#FGAC_DDB.ConditionKeys
LEADING_KEYS = "dynamodb:LeadingKeys"
# https://docs.aws.amazon.com/lambda/latest/dg/urls-auth.html
URL_AUTH_TYPE = "lambda:FunctionUrlAuthType"
THROUGH_URL = "lambda:InvokedViaFunctionUrl"
# https://docs.aws.amazon.com/cognito/latest/developerguide/role-trust-and-permissions.html
COGNITO_IDENTITY: Final = "cognito-identity.amazonaws.com"

WITHOUT_RESOURCE: Final = frozenset({"xray:PutTelemetryRecords", "xray:PutTraceSegments"})
"""Actions that IAM knows no resource for: a statement of these, and of no other, is about `*`.

https://docs.aws.amazon.com/service-authorization/latest/reference/list_awsx-ray.html
"""


class Statement(TypedDict):
    """What a role may do."""

    actions: pulumi.Input[Sequence[pulumi.Input[str]]]
    """Actions like `dynamodb:PutItem`, without wildcards."""
    resources: pulumi.Input[Sequence[pulumi.Input[str]]]
    """ARNs; a wildcard only within one, or alone for actions of `WITHOUT_RESOURCE`."""
    leading_keys: NotRequired[Sequence[str]]
    """Patterns of the partition keys of a table whose items these are; a wildcard only at an end. By default all."""
    condition: NotRequired[Mapping[str, Mapping[str, str]]]
    """Operator → key → value, all of which must hold, like `{"Bool": {"lambda:InvokedViaFunctionUrl": "true"}}`."""


SEND_TRACES: Final[Statement] = {"actions": sorted(WITHOUT_RESOURCE), "resources": ["*"]}
"""What Lambda needs to send the traces of a function, in the name of its role.

https://docs.aws.amazon.com/lambda/latest/dg/services-xray.html
"""


def policy(statements: pulumi.Input[Sequence[pulumi.Input[Statement]]]) -> pulumi.Output[str]:
    """The policy document that allows `statements`, as JSON. Raises `StatementError`, once the inputs are known."""
    return pulumi.Output.from_input(statements).apply(lambda known: policy_document(cast("Sequence[Statement]", known)))


def policy_document(statements: Sequence[Statement]) -> str:
    """`policy` for statements that are known. Raises `StatementError`."""
    return _document([_allow(statement) for statement in statements])


def trust(service: str) -> str:
    """The trust policy of a role that `service`, like `lambda.amazonaws.com`, may assume."""
    return _document([{"Effect": "Allow", "Principal": {"Service": service}, "Action": "sts:AssumeRole"}])


def trust_of_users(identity_pool_id: str) -> str:
    """The trust policy of a role that signed-in users of an identity pool, and nobody else, may assume.

    https://docs.aws.amazon.com/cognito/latest/developerguide/role-trust-and-permissions.html
    """
    return _document(
        [
            {
                "Effect": "Allow",
                "Principal": {"Federated": COGNITO_IDENTITY},
                "Action": "sts:AssumeRoleWithWebIdentity",
                "Condition": {
                    "StringEquals": {f"{COGNITO_IDENTITY}:aud": identity_pool_id},
                    "ForAnyValue:StringLike": {f"{COGNITO_IDENTITY}:amr": "authenticated"},
                },
            }
        ]
    )


def call_through_url(function_arn: pulumi.Input[str]) -> list[Statement]:
    """What a role needs to call a function with a signed request to its URL, and in no other way.

    https://docs.aws.amazon.com/lambda/latest/dg/urls-auth.html
    """
    return [
        {
            "actions": ["lambda:InvokeFunctionUrl"],
            "resources": [function_arn],
            "condition": {"StringEquals": {URL_AUTH_TYPE: "AWS_IAM"}},
        },
        {
            "actions": ["lambda:InvokeFunction"],
            "resources": [function_arn],
            "condition": {"Bool": {THROUGH_URL: "true"}},
        },
    ]


def _allow(statement: Statement) -> dict[str, object]:
    actions = cast("list[str]", statement["actions"])
    resources = cast("list[str]", statement["resources"])
    if not actions or not resources:
        raise StatementError(f"A statement needs actions and resources; given {actions} on {resources}.")
    for action in actions:
        if "*" in action or ":" not in action:
            raise StatementError(f"{action!r} is not one action of one service; name it, like dynamodb:PutItem.")
    for resource in resources:
        if not (resource.startswith("arn:") or (resource == "*" and WITHOUT_RESOURCE.issuperset(actions))):
            raise StatementError(f"{' and '.join(actions)} on {resource!r}: name the resource by its ARN.")
    allowed: dict[str, object] = {"Effect": "Allow", "Action": actions, "Resource": resources}
    condition: dict[str, object] = {**statement.get("condition", {})}
    if leading_keys := statement.get("leading_keys"):
        condition[FOR_ALL_VALUES] = {LEADING_KEYS: leading_keys}
    return {**allowed, "Condition": condition} if condition else allowed


def _document(statements: Sequence[object]) -> str:
    return json.dumps({"Version": POLICY_VERSION, "Statement": statements})
