"""IAM documents of a deployer, from the table of privileges: as pure functions of what is known.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_grammar.html
"""

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Final

from stacks.bootstrap.named_stacks import PROJECT, Stacks
from stacks.bootstrap.privileges.access import ALL, Scope, Verb
from stacks.bootstrap.privileges.table import Rows
from stacks.errors import StatementError
from stacks.iam import POLICY_VERSION

# https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
MOST_CHARACTERS: Final = 6_144
"""Of a managed policy, white space not counted."""
MOST_POLICIES: Final = 10
"""That are attached to a role."""
EVERYTHING: Final[frozenset[Verb]] = frozenset({"create", "read", "update", "delete", "tag"})
REMOVAL: Final[frozenset[Verb]] = frozenset({"read", "delete"})
"""What `pulumi destroy` does."""
# https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html#condition-keys-requestedregion
GLOBAL_REGION: Final = "us-east-1"
"""What a request to a service without regions says for one."""
RECORD_TYPES: Final = ("A", "AAAA")
"""Of the records that lead to a stack. Who may write others, like `NS` and `MX`, has the whole domain."""

Values = Mapping[str, object]
"""One statement, or a block of one."""


def deploying(rows: Rows, stacks: Stacks, boundary: str, verbs: Collection[Verb]) -> list[Values]:
    """What deploying the types of `rows` takes in `stacks`, as far as it is for `verbs`; roles are made with the
    permissions boundary alone.

    Rows that differ in nothing but their actions share a statement.
    """
    merged: dict[tuple[str, Scope, str], set[str]] = {}
    for row in rows.values():
        for access in row:
            place = (access.resource, access.scope, access.passed_to)
            merged.setdefault(place, set()).update(access.actions(verbs))
    return [
        allow(actions, [stacks.arn(resource)], _conditions(stacks, boundary, resource, scope, passed_to))
        for (resource, scope, passed_to), actions in merged.items()
        if actions
    ]


def allow(actions: Collection[str], resources: Sequence[str], conditions: Values | None = None) -> Values:
    """A statement that allows this."""
    statement = {"Effect": "Allow", "Action": sorted(actions), "Resource": [*resources]}
    return {**statement, "Condition": conditions} if conditions else statement


def tagged(stacks: Iterable[str], key: str = "aws:ResourceTag") -> Values:
    """The condition that a resource has the tags of one of these stacks."""
    return {"StringLike": {f"{key}/project": PROJECT, f"{key}/stack": [*stacks]}}


def packed(statements: Sequence[Values]) -> list[str]:
    """The statements as few documents that each fit into a managed policy. Raises StatementError."""
    documents: list[list[Values]] = [[]]
    for statement in statements:
        if len(document([*documents[-1], statement])) > MOST_CHARACTERS and documents[-1]:
            documents.append([])
        documents[-1].append(statement)
    texts = [document(each) for each in documents]
    longest = max(map(len, texts))
    if longest > MOST_CHARACTERS or len(texts) > MOST_POLICIES:
        raise StatementError(
            f"{len(texts)} policies of up to {longest} characters do not fit a role, which takes {MOST_POLICIES} of "
            f"{MOST_CHARACTERS}; merge rows of stacks/bootstrap/privileges that name the same resource."
        )
    return texts


def document(statements: Sequence[Values]) -> str:
    """A policy without white space."""
    return json.dumps({"Version": POLICY_VERSION, "Statement": [*statements]}, separators=(",", ":"))


def _conditions(stacks: Stacks, boundary: str, resource: str, scope: Scope, passed_to: str) -> Values | None:
    if passed_to:
        return {"StringEquals": {"iam:PassedToService": passed_to}}
    match scope:
        case Scope.BOUNDED:
            return {"StringEquals": {"iam:PermissionsBoundary": boundary}}
        case Scope.TAG:
            return tagged([stacks.name])
        case Scope.POOL:
            return tagged([stacks.name, *([stacks.pool_stack] if stacks.pool_stack else [])])
        case Scope.NEW:
            return tagged([stacks.name], "aws:RequestTag")
        case Scope.UNTAGGED:
            # Without the second condition a deployer could make another stack's its own.
            return {**tagged([stacks.name], "aws:RequestTag"), "Null": {"aws:ResourceTag/stack": "true"}}
        case Scope.RECORDS:
            return {"ForAllValues:StringEquals": {"route53:ChangeResourceRecordSetsRecordTypes": RECORD_TYPES}}
        case Scope.GLOBAL:
            return {"StringEquals": {"aws:RequestedRegion": GLOBAL_REGION}}
        case Scope.NAME | Scope.ANY:
            # An action without a narrower resource stays within the region at least.
            return {"StringEquals": {"aws:RequestedRegion": stacks.region}} if resource == ALL else None
