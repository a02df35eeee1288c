"""Least privilege: what IAM statements say, of roles and of functions.

https://docs.aws.amazon.com/IAM/latest/UserGuide/best-practices.html#grant-least-privilege
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Final, cast

from shared.contract.table import Partition
from stacks.iam import COGNITO_IDENTITY, FOR_ALL_VALUES, LEADING_KEYS, THROUGH_URL, URL_AUTH_TYPE, WITHOUT_RESOURCE
from stacks.policies.graph import (
    FUNCTION,
    IDENTITY_POLICIES,
    PERMISSION,
    ROLE,
    ROLE_POLICY,
    WITH_STATEMENTS,
    Resource,
    Statement,
    Values,
    statements,
)
from stacks.policies.rule import ResourceRule, StackRule

# https://docs.aws.amazon.com/service-authorization/latest/reference/list_awsx-ray.html
WITHOUT_RESOURCES: Final = frozenset({"xray:PutTraceSegments", "xray:PutTelemetryRecords"})
"""Actions for which IAM knows no resource: their statement has a `*`."""
LOG_ACTIONS: Final = frozenset({"logs:CreateLogStream", "logs:PutLogEvents"})
CHANGES_OF_ITEMS: Final = frozenset(
    f"dynamodb:{name}" for name in ("BatchWriteItem", "DeleteItem", "PartiQLDelete", "PartiQLUpdate", "UpdateItem")
)
"""What changes or removes an item that is there. A put can do so as well, which no IAM policy can tell from adding."""
_INVERSIONS = ("NotAction", "NotResource", "NotPrincipal")


def actions_are_named(resource: Resource) -> Iterator[str]:
    """No action has a wildcard, but in what takes away."""
    for statement in statements(resource):
        for action in statement.texts("Action"):
            if statement.allows and "*" in action:
                yield f"the action {action!r} grants more than one; name each action, like dynamodb:PutItem"


def resources_are_named(resource: Resource) -> Iterator[str]:
    """Each statement of a role says on what."""
    for statement in statements(resource):
        actions = statement.texts("Action")
        if statement.allows and "*" in statement.texts("Resource") and not WITHOUT_RESOURCE.issuperset(actions):
            yield f"{', '.join(actions)} on every resource; name the resource by its ARN"


def nothing_is_inverted(resource: Resource) -> Iterator[str]:
    """No statement says what it does not mean: it would grant whatever AWS adds one day."""
    for statement in statements(resource):
        for element in _INVERSIONS:
            if element in statement.elements:
                yield f"a statement has {element}; say what is meant with {element.removeprefix('Not')}"


def services_assume_roles(resource: Resource) -> Iterator[str]:
    """A role is assumed by one service, or by users of one identity provider on a condition."""
    found = [statement.elements for statement in statements(resource)]
    if len(found) != 1 or not _is_one_service_or_conditional(found[0]):
        yield f"the trust policy is {resource.props['assumeRolePolicy']}; name one service, like lambda.amazonaws.com"
    for statement in filter(_is_of_users, statements(resource)):
        for operator, claim in (("StringEquals", "aud"), ("ForAnyValue:StringLike", "amr")):
            values = statement.condition(operator, f"{COGNITO_IDENTITY}:{claim}")
            if not values or (claim == "amr" and values != ("authenticated",)):
                yield (
                    f"its condition on {claim} is {values or 'missing'}; let in signed-in users of one identity pool "
                    "alone, with aud as its id and amr as authenticated"
                )


def services_invoke_from_a_source(resource: Resource) -> Iterator[str]:
    """A service invokes for one resource of ours: by itself it would do it for any account's."""
    principal = str(resource.props["principal"])
    if principal.endswith(".amazonaws.com") and not resource.props.get("sourceArn"):
        yield f"{principal} may invoke the function for anybody; give the ARN of the resource as sourceArn"


def functions_write_logs_only(resource: Resource) -> Iterator[str]:
    """No role makes a log group: one that was deleted would come back, without retention."""
    for statement in statements(resource):
        for action in statement.texts("Action"):
            if action.startswith("logs:") and action not in LOG_ACTIONS:
                yield f"a role has {action}; a function needs {' and '.join(sorted(LOG_ACTIONS))} alone"


def the_audit_record_stays(resource: Resource) -> Iterator[str]:
    """No role changes what it may have put into the audit record."""
    for statement in statements(resource):
        changing = [action for action in statement.texts("Action") if action in CHANGES_OF_ITEMS]
        keys = statement.condition(FOR_ALL_VALUES, LEADING_KEYS)
        if statement.allows and changing and (not keys or any(_may_be_of_the_audit(key) for key in keys)):
            yield f"{', '.join(changing)} may change the audit record; name the leading keys of other items"


def roles_are_not_shared(resources: Sequence[Resource]) -> Iterator[tuple[Resource, str]]:
    """Each function has a role of its own."""
    seen: dict[object, str] = {}
    for function in resources:
        if function.type == FUNCTION:
            role = function.props["role"]
            if role in seen:
                yield function, f"it has the role of {seen[role]}; give it one of its own"
            seen.setdefault(role, function.name)


def users_call_urls_alone(resources: Sequence[Resource]) -> Iterator[tuple[Resource, str]]:
    """A user who has AWS credentials may send signed requests to function URLs: everything else is the functions'."""
    roles = {
        name
        for role in resources
        if role.type == ROLE and any(_is_of_users(statement) for statement in statements(role))
        for name in (role.props.get("id"), role.props.get("name"))
    }
    for policy in resources:
        if policy.type != ROLE_POLICY or policy.props.get("role") not in roles:
            continue
        for statement in statements(policy):
            if statement.allows and not _is_call_of_a_url(statement):
                actions = ", ".join(statement.texts("Action"))
                yield policy, f"users may do {actions} with it; let them call a function through its URL alone"


def _is_of_users(statement: Statement) -> bool:
    return statement.texts("Principal") == (COGNITO_IDENTITY,)


def _is_call_of_a_url(statement: Statement) -> bool:
    match statement.texts("Action"):
        case ("lambda:InvokeFunctionUrl",):
            return statement.condition("StringEquals", URL_AUTH_TYPE) == ("AWS_IAM",)
        case ("lambda:InvokeFunction",):
            return statement.condition("Bool", THROUGH_URL) == ("true",)
        case _:
            return False


def _may_be_of_the_audit(pattern: str) -> bool:
    literal = re.split(r"[*?]", pattern, maxsplit=1)[0]
    return Partition.AUDIT.startswith(literal) or literal.startswith(Partition.AUDIT)


def _is_one_service_or_conditional(statement: Values) -> bool:
    principal: object = statement.get("Principal")
    if not isinstance(principal, Mapping) or len(cast("Values", principal)) != 1:
        return False
    ((kind, who),) = cast("Values", principal).items()
    return (
        isinstance(who, str)
        and "*" not in who
        and (kind == "Service" or (kind == "Federated" and bool(statement.get("Condition"))))
    )


_GRAMMAR = "https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements"
_LAMBDA = "https://docs.aws.amazon.com/lambda/latest/dg"
RULES: Final = (
    ResourceRule(
        "named-actions",
        "An IAM statement names each of its actions.",
        f"{_GRAMMAR}_action.html",
        WITH_STATEMENTS,
        actions_are_named,
    ),
    ResourceRule(
        "named-resources",
        "A statement of a role names its resources.",
        f"{_GRAMMAR}_resource.html",
        IDENTITY_POLICIES,
        resources_are_named,
    ),
    ResourceRule(
        "no-inversions",
        "No IAM statement says what it does not mean.",
        f"{_GRAMMAR}_notaction.html",
        WITH_STATEMENTS,
        nothing_is_inverted,
    ),
    ResourceRule(
        "one-trusted-service",
        "A role is assumed by one AWS service, or on a condition by users of one identity provider.",
        f"{_GRAMMAR}_principal.html",
        frozenset({ROLE}),
        services_assume_roles,
    ),
    ResourceRule(
        "invoked-from-a-source",
        "A service invokes a function for one resource of the stack.",
        f"{_LAMBDA}/permissions-function-services.html",
        frozenset({PERMISSION}),
        services_invoke_from_a_source,
    ),
    ResourceRule(
        "no-new-log-groups",
        "A role writes logs, and makes no log group.",
        f"{_LAMBDA}/monitoring-cloudwatchlogs-loggroups.html",
        IDENTITY_POLICIES,
        functions_write_logs_only,
    ),
    ResourceRule(
        "append-only-audit",
        "No role changes or deletes what is in the audit record.",
        "https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/specifying-conditions.html",
        IDENTITY_POLICIES,
        the_audit_record_stays,
    ),
    StackRule(
        "users-call-urls-alone",
        "A role of users may call function URLs, and nothing else.",
        "https://docs.aws.amazon.com/cognito/latest/developerguide/iam-roles.html",
        users_call_urls_alone,
    ),
    StackRule(
        "own-role",
        "Each function has a role of its own.",
        f"{_LAMBDA}/lambda-intro-execution-role.html",
        roles_are_not_shared,
    ),
)
