"""The table of privileges: a row for each type that the program deploys, and policies that fit."""

import json
import re
from collections.abc import Callable
from functools import cache

import botocore.session
import pytest

from stacks.bootstrap.documents import EVERYTHING, MOST_CHARACTERS, MOST_POLICIES, allow, packed
from stacks.bootstrap.named_stacks import PROJECT
from stacks.bootstrap.privileges.access import Access, Scope, Verb
from stacks.bootstrap.privileges.table import OF_PREVIEWS, PRIVILEGES, Rows
from stacks.errors import StatementError
from stacks.stack_names import LONGEST_OWN_NAME, longest_stack
from tests.docs.pages import page
from tests.program.bootstrap.conftest import bootstrap, stack
from tests.program.bootstrap.evaluator import Statement
from tests.program.recording import defaults

ROWS = [(type_, access) for type_, row in PRIVILEGES.items() for access in row]
METHODS = frozenset({"DELETE", "GET", "PATCH", "POST", "PUT", "TagResource"})
NO_OPERATION = frozenset({"iam:PassRole", "appsync:SetWebACL"})
"""Actions that a caller of another operation needs."""
OTHERWISE = {
    "s3:DeleteObjectVersion": "DeleteObject",
    "s3:GetAccelerateConfiguration": "GetBucketAccelerateConfiguration",
    "s3:GetBucketCORS": "GetBucketCors",
    "s3:GetBucketObjectLockConfiguration": "GetObjectLockConfiguration",
    "s3:GetBucketPublicAccessBlock": "GetPublicAccessBlock",
    "s3:GetEncryptionConfiguration": "GetBucketEncryption",
    "s3:GetLifecycleConfiguration": "GetBucketLifecycleConfiguration",
    "s3:GetReplicationConfiguration": "GetBucketReplication",
    "s3:ListBucket": "ListObjectsV2",
    "s3:ListBucketVersions": "ListObjectVersions",
    "s3:PutBucketPublicAccessBlock": "PutPublicAccessBlock",
}
"""Actions of S3 that are called otherwise than their operation:
https://docs.aws.amazon.com/AmazonS3/latest/userguide/using-with-s3-policy-actions.html"""
HARMLESS = frozenset({"iam:CreateServiceLinkedRole", "lambda:GetLayerVersion"})
"""A service role is named by its ARN, and a layer is read."""


@pytest.mark.parametrize(("name", "rows"), [("pr-7", OF_PREVIEWS), ("staging", PRIVILEGES)])
def test_every_row_is_of_a_type_that_a_stack_may_hold_and_each_type_has_a_row(name: str, rows: Rows) -> None:
    types = {resource.type for resource in stack(name).resources.values() if resource.type.startswith("aws:")}
    assert set(rows) - types == set(), "take the row out of stacks/bootstrap/privileges"
    assert types - set(rows) == set(), "add a row to stacks/bootstrap/privileges"


def test_what_functions_roles_and_schedules_are_called_leaves_room_for_project_and_stack() -> None:
    named = (
        *("aws:lambda/function:Function", "aws:iam/role:Role", "aws:cloudwatch/eventRule:EventRule"),
        *("aws:cloudfront/function:Function", "aws:cloudfront/keyValueStore:KeyValueStore"),
    )
    names = [each.name for type_ in named for each in stack("staging").of(type_)]
    assert max(map(len, names)) <= LONGEST_OWN_NAME
    assert longest_stack(PROJECT) >= len("pr-999999999"), "a preview has a name of its own choice"


def test_the_roles_are_for_the_project_that_the_program_is() -> None:
    assert {key.partition(":")[0] for key in defaults()} - {"aws", "pulumi"} == {PROJECT}


@pytest.mark.parametrize(("type_", "access"), ROWS, ids=lambda one: getattr(one, "service", one))
def test_each_action_is_an_operation_of_its_service(type_: str, access: Access) -> None:
    del type_
    actions = access.actions(EVERYTHING)
    assert actions, "a row without an action"
    operations = METHODS if access.service == "apigateway" else operations_of(access.service)
    named = {OTHERWISE.get(one, one.partition(":")[2]) for one in actions - NO_OPERATION}
    assert named - operations == set()


@cache
def operations_of(service: str) -> frozenset[str]:
    services = ("s3", "s3control") if service == "s3" else (service,)
    models = map(botocore.session.get_session().get_service_model, services)
    return frozenset(name for model in models for name in model.operation_names)


ROLES = ("preview", "preview-destroy", "staging-deployer", "production-deployer")


@pytest.mark.parametrize("role", ROLES)
def test_no_statement_has_a_wildcard_for_an_action(role_of: Callable[[str], list[Statement]], role: str) -> None:
    assert [action for statement in role_of(role) for action in statement["Action"] if "*" in action] == []


def test_the_policies_of_each_role_fit_into_what_iam_takes() -> None:
    """With the longest names that there are."""
    long = ["s" * longest_stack(PROJECT)]
    region = "ap-southeast-2"
    account = bootstrap(
        **{"aws:region": region, "repository": "octo-org/chat", "longLivedStacks": long, "identityStack": long[0]}
    )
    sizes = {
        policy.name: len(json.dumps(json.loads(policy.inputs["policy"]), separators=(",", ":")))
        for policy in account.of("aws:iam/policy:Policy")
    }
    assert len(sizes) > len(ROLES)
    assert {name: size for name, size in sizes.items() if size > MOST_CHARACTERS} == {}
    roles = [each.inputs["role"] for each in account.of("aws:iam/rolePolicyAttachment:RolePolicyAttachment")]
    assert max(roles.count(role) for role in roles) <= MOST_POLICIES


def test_what_does_not_fit_is_refused_with_a_line_that_says_what_to_do() -> None:
    whole = allow(["s3:GetObject"], ["arn:aws:s3:::" + "x" * (MOST_CHARACTERS - 200)])
    assert len(packed([whole] * MOST_POLICIES)) == MOST_POLICIES
    for statements in ([whole] * (MOST_POLICIES + 1), [allow(["s3:GetObject"], ["x" * MOST_CHARACTERS])]):
        with pytest.raises(StatementError, match="do not fit a role, which takes 10 of 6144; merge rows") as caught:
            packed(statements)
        assert "\n" not in str(caught.value)


def test_what_iam_cannot_keep_within_a_stack_is_documented() -> None:
    """Of what changes something."""
    changing: frozenset[Verb] = EVERYTHING - {"read"}
    wide = {
        action
        for _, access in ROWS
        if access.scope in (Scope.ANY, Scope.GLOBAL, Scope.RECORDS, Scope.UNTAGGED)
        for action in access.actions(changing) - HARMLESS
    }
    rows = page("docs/bootstrap.md").table_after("What IAM cannot limit")
    named = {action for row in rows[:-1] for action in re.findall(r"`([\w-]+:\w+)`", row[0])}
    assert named == wide
