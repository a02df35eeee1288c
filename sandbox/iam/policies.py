"""IAM as far as the programs here need it, and a refusal of the rest: a policy never means more, or less, than on AWS.

Understood: identity policies of `Allow` and `Deny` with `Action` and `Resource` (wildcards `*` and `?`), and with the
`Condition` `ForAllValues:StringLike` on `dynamodb:LeadingKeys`; trust policies for services, and the statements that
`lambda:AddPermission` makes. Other conditions, `NotAction`, `NotResource`, policy variables and principals other than
services are refused when they are deployed.
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html
"""

import re
from collections.abc import Collection, Iterator, Mapping
from functools import lru_cache
from typing import Any, cast

from sandbox.errors import ResourceRefused
from sandbox.iam.credentials import ADMINISTRATOR
from sandbox.world import Callee, PolicyDocument, ResourcePermission, World

VERSIONS = ("2012-10-17", "2008-10-17")
_IDENTITY_KEYS = {"Sid", "Effect", "Action", "Resource", "Condition"}
_FOR_ALL_VALUES = "ForAllValues:StringLike"
_LEADING_KEYS = "dynamodb:LeadingKeys"
_TRUST_KEYS = {"Sid", "Effect", "Action", "Principal"}


class UnsupportedPolicy(ResourceRefused):
    """A policy that the evaluator does not understand, or that IAM refuses as malformed."""


def validate(document: PolicyDocument) -> None:
    """Check an identity policy. Raises UnsupportedPolicy for anything that `role_allows` would not honour."""
    for statement in _checked(document, _IDENTITY_KEYS):
        patterns = _leading_keys(statement)
        if any("${" in pattern for pattern in patterns or ()):
            given = statement["Condition"]
            raise UnsupportedPolicy(f"the Condition {given!r} has a policy variable, which the sandbox does not have")
        for action in _texts(statement, "Action"):
            if action != "*" and ":" not in action:
                raise UnsupportedPolicy(
                    f"MalformedPolicyDocument: the action {action!r} has no service, e.g. 'dynamodb:'"
                )
        for resource in _texts(statement, "Resource"):
            if resource != "*" and not resource.startswith("arn:"):
                raise UnsupportedPolicy(f"MalformedPolicyDocument: the resource {resource!r} is neither an ARN nor '*'")
            if "${" in resource:
                raise UnsupportedPolicy(
                    f"the resource {resource!r} has a policy variable, which the sandbox does not have"
                )


def validate_trust(document: PolicyDocument) -> None:
    """Check a role's trust policy. Raises UnsupportedPolicy for anything but services that may `sts:AssumeRole`."""
    for statement in _checked(document, _TRUST_KEYS):
        principal: object = statement.get("Principal")
        if not isinstance(principal, dict) or set(cast("dict[str, Any]", principal)) != {"Service"}:
            raise UnsupportedPolicy(
                f"the trust policy's Principal is {principal!r}, the sandbox knows {{'Service': …}}"
            )
        if _texts(statement, "Action") != ("sts:AssumeRole",):
            raise UnsupportedPolicy(
                f"the trust policy's Action is {statement.get('Action')!r}, allowed is sts:AssumeRole"
            )


def role_allows(
    world: World, role_arn: str, action: str, resource: str, leading_keys: Collection[str] = frozenset()
) -> bool:
    """Whether the inline policies of a role let it do `action` (`dynamodb:PutItem`) on `resource` (an ARN, or `*`).

    `leading_keys` are the partition keys of the items that a call to DynamoDB names.
    An explicit `Deny` wins over any `Allow`; an unknown role may do nothing, the administrator everything.
    """
    if role_arn == ADMINISTRATOR:
        return True
    role = world.roles.get(role_arn)
    if role is None:
        return False
    effects = {
        statement["Effect"]
        for document in tuple(role.policies.values())
        for statement in _statements(document)
        if _matches(_texts(statement, "Action"), action, ignore_case=True)
        and _matches(_texts(statement, "Resource"), resource)
        and _holds(statement, leading_keys)
    }
    return effects == {"Allow"}


def service_may_assume(world: World, role_arn: str, service: str) -> bool:
    """Whether a role exists and its trust policy names `service` (`lambda.amazonaws.com`)."""
    role = world.roles.get(role_arn)
    if role is None:
        return False
    effects = {
        statement["Effect"]
        for statement in _statements(role.trust_policy)
        if service in _texts(cast("Mapping[str, Any]", statement["Principal"]), "Service")
    }
    return effects == {"Allow"}


def function_allows(
    callee: Callee,
    action: str,
    *,
    principal: str,
    source_arn: str | None = None,
    url_auth_type: str | None = None,
    via_function_url: bool = False,
) -> bool:
    """Whether a resource policy lets `principal` (a service or an ARN) do `action` on a function as it is called.

    A policy belongs to one name: that of an alias says nothing of the function, and the other way round.

    https://docs.aws.amazon.com/lambda/latest/dg/access-control-resource-based.html
    """

    def allows(permission: ResourcePermission) -> bool:
        return (
            permission.action in (action, "lambda:*", "*")
            and permission.principal in (principal, "*")
            and (permission.source_arn is None or _matches((permission.source_arn,), source_arn or ""))
            and permission.function_url_auth_type in (None, url_auth_type)
            and permission.invoked_via_function_url in (None, via_function_url)
        )

    return any(allows(permission) for permission in tuple(callee.named.permissions.values()))


def _checked(document: PolicyDocument, allowed: set[str]) -> Iterator[Mapping[str, Any]]:
    unknown = set(document) - {"Version", "Id", "Statement"}
    if unknown or document.get("Version") not in VERSIONS:
        raise UnsupportedPolicy(
            f"MalformedPolicyDocument: a policy has Version ({' or '.join(VERSIONS)}) and Statement, "
            f"given {dict(document)!r}"
        )
    statements = _statements(document)
    if not statements:
        raise UnsupportedPolicy("MalformedPolicyDocument: a policy needs at least one statement")
    for statement in statements:
        unknown = set(statement) - allowed
        if unknown:
            raise UnsupportedPolicy(
                f"{', '.join(sorted(unknown))} in a policy statement is not understood by sandbox/iam/policies.py, "
                f"which knows {', '.join(sorted(allowed))}"
            )
        if statement.get("Effect") not in ("Allow", "Deny"):
            raise UnsupportedPolicy(
                f"MalformedPolicyDocument: Effect is {statement.get('Effect')!r}, not Allow or Deny"
            )
        yield statement


def _holds(statement: Mapping[str, Any], leading_keys: Collection[str]) -> bool:
    """`ForAllValues` holds for a call that names no key, too."""
    patterns = _leading_keys(statement)
    return patterns is None or all(_matches(patterns, key) for key in leading_keys)


def _leading_keys(statement: Mapping[str, Any]) -> tuple[str, ...] | None:
    """The patterns of a statement's condition; None when it has none."""
    condition: object = statement.get("Condition")
    if condition is None:
        return None
    keys = cast("dict[str, Any]", condition).get(_FOR_ALL_VALUES) if isinstance(condition, dict) else None
    if keys is None or len(cast("dict[str, Any]", condition)) != 1 or [*keys] != [_LEADING_KEYS]:
        raise UnsupportedPolicy(
            f"the Condition {condition!r} is not understood by sandbox/iam/policies.py, "
            f"which knows {_FOR_ALL_VALUES} on {_LEADING_KEYS} alone"
        )
    return _texts(keys, _LEADING_KEYS)


def _statements(document: PolicyDocument) -> list[Mapping[str, Any]]:
    found: object = document.get("Statement")
    return cast("list[Mapping[str, Any]]", found if isinstance(found, list) else [found] if found else [])


def _texts(statement: Mapping[str, Any], key: str) -> tuple[str, ...]:
    found: object = statement.get(key)
    values = cast("list[object]", found if isinstance(found, list) else [found])
    if not values or not all(isinstance(value, str) for value in values):
        raise UnsupportedPolicy(f"MalformedPolicyDocument: {key} is {found!r}, allowed is text or a list of texts")
    return tuple(cast("list[str]", values))


def _matches(patterns: tuple[str, ...], text: str, *, ignore_case: bool = False) -> bool:
    return any(_pattern(pattern, ignore_case).fullmatch(text) for pattern in patterns)


@lru_cache(maxsize=1_024)
def _pattern(pattern: str, ignore_case: bool) -> re.Pattern[str]:
    expression = re.escape(pattern).replace(r"\*", ".*").replace(r"\?", ".")
    return re.compile(expression, re.DOTALL | (re.IGNORECASE if ignore_case else 0))
