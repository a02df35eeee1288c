"""IAM as far as the programs here need it, and a refusal of the rest: a policy never means more, or less, than on AWS.

Understood: identity policies of `Allow` and `Deny` with `Action` and `Resource` (wildcards `*` and `?`), and with
conditions of `CONDITIONS`; trust policies for services, and for users of an identity pool; and the statements that
`lambda:AddPermission` makes. Other conditions, `NotAction`, `NotResource`, policy variables and other principals are
refused when they are deployed.
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
_LEADING_KEYS = ("ForAllValues:StringLike", "dynamodb:LeadingKeys")
URL_AUTH_TYPE = "lambda:FunctionUrlAuthType"
THROUGH_URL = "lambda:InvokedViaFunctionUrl"
CONDITIONS = (("StringEquals", URL_AUTH_TYPE), ("Bool", THROUGH_URL), _LEADING_KEYS)
"""Operators and keys of the conditions that identity policies may have."""
COGNITO_IDENTITY = "cognito-identity.amazonaws.com"
_AUDIENCE = ("StringEquals", f"{COGNITO_IDENTITY}:aud")
_METHODS = ("ForAnyValue:StringLike", f"{COGNITO_IDENTITY}:amr")
SIGNED_IN = ("authenticated",)
"""`amr` of a user who has signed in."""
_TRUST_KEYS = {"Sid", "Effect", "Action", "Principal", "Condition"}
_NO_CONTEXT: Mapping[str, str] = {}


class UnsupportedPolicy(ResourceRefused):
    """A policy that the evaluator does not understand, or that IAM refuses as malformed."""


def validate(document: PolicyDocument) -> None:
    """Check an identity policy. Raises UnsupportedPolicy for anything that `role_allows` would not honour."""
    for statement in _checked(document, _IDENTITY_KEYS):
        conditions = _conditions(statement, CONDITIONS)
        if any("${" in value for values in conditions.values() for value in values):
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
    """Check a role's trust policy.

    Raises UnsupportedPolicy for anything but services that may `sts:AssumeRole`, and users of an identity pool.
    """
    for statement in _checked(document, _TRUST_KEYS):
        principal: object = statement.get("Principal")
        kinds = [*cast("dict[str, Any]", principal)] if isinstance(principal, dict) else []
        if kinds == ["Service"]:
            action = "sts:AssumeRole"
            _conditions(statement, ())
        elif kinds == ["Federated"] and _texts(cast("dict[str, Any]", principal), "Federated") == (COGNITO_IDENTITY,):
            action = "sts:AssumeRoleWithWebIdentity"
            _conditions(statement, (_AUDIENCE, _METHODS))
        else:
            raise UnsupportedPolicy(
                f"the trust policy's Principal is {principal!r}, the sandbox knows {{'Service': …}} and "
                f"{{'Federated': {COGNITO_IDENTITY!r}}}"
            )
        if _texts(statement, "Action") != (action,):
            raise UnsupportedPolicy(f"the trust policy's Action is {statement.get('Action')!r}, allowed is {action}")


def role_allows(
    world: World,
    role_arn: str,
    action: str,
    resource: str,
    leading_keys: Collection[str] = frozenset(),
    context: Mapping[str, str] = _NO_CONTEXT,
) -> bool:
    """Whether the inline policies of a role let it do `action` (`dynamodb:PutItem`) on `resource` (an ARN, or `*`).

    `leading_keys` are the partition keys of the items that a call to DynamoDB names; `context` is what else conditions
    ask for.
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
        and _holds(statement, leading_keys, context)
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
        if service in _principals(statement, "Service")
    }
    return effects == {"Allow"}


def users_may_assume(world: World, role_arn: str, identity_pool_id: str) -> bool:
    """Whether a role exists and its trust policy lets in signed-in users of this identity pool."""
    role = world.roles.get(role_arn)
    if role is None:
        return False

    def meant(statement: Mapping[str, Any]) -> bool:
        conditions = _conditions(statement, (_AUDIENCE, _METHODS))
        pools, methods = (conditions.get(each) for each in (_AUDIENCE, _METHODS))
        return (
            COGNITO_IDENTITY in _principals(statement, "Federated")
            and (pools is None or identity_pool_id in pools)
            and (methods is None or any(_matches(methods, method) for method in SIGNED_IN))
        )

    return {statement["Effect"] for statement in _statements(role.trust_policy) if meant(statement)} == {"Allow"}


def _principals(statement: Mapping[str, Any], kind: str) -> tuple[str, ...]:
    principal = cast("Mapping[str, Any]", statement["Principal"])
    return _texts(principal, kind) if kind in principal else ()


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


def _holds(statement: Mapping[str, Any], leading_keys: Collection[str], context: Mapping[str, str]) -> bool:
    """`ForAllValues` holds for a call that names no key, too; the others do not for one without theirs."""
    return all(
        all(_matches(values, key) for key in leading_keys)
        if condition == _LEADING_KEYS
        else context.get(condition[1]) in values
        for condition, values in _conditions(statement, CONDITIONS).items()
    )


def _conditions(
    statement: Mapping[str, Any], known: Collection[tuple[str, str]]
) -> Mapping[tuple[str, str], tuple[str, ...]]:
    """Operator and key → values, of a statement whose conditions are all `known`."""
    condition: object = statement.get("Condition")
    if condition is None:
        return {}
    given = [(operator, key, keys) for operator, keys in _mapping(condition).items() for key in _mapping(keys)]
    if not given or any((operator, key) not in known for operator, key, _ in given):
        understood = ", ".join(f"{operator} on {key}" for operator, key in known) or "none here"
        raise UnsupportedPolicy(
            f"the Condition {condition!r} is not understood by sandbox/iam/policies.py, which knows {understood} alone"
        )
    return {(operator, key): _texts(keys, key) for operator, key, keys in given}


def _mapping(value: object) -> Mapping[str, Any]:
    """What is no mapping has a key that nobody knows."""
    return cast("dict[str, Any]", value) if isinstance(value, dict) else {"": None}


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
