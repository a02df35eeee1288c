import json

import pytest

from sandbox.errors import ResourceRefused
from sandbox.iam.policies import UnsupportedPolicy
from tests.sandbox.resources.account import Account, trust

ROLE = "aws:iam/role:Role"
POLICY = "aws:iam/rolePolicy:RolePolicy"


def policy(**statement: object) -> str:
    defaults = {"Effect": "Allow", "Action": "dynamodb:PutItem", "Resource": "arn:aws:dynamodb:us-east-1:0:table/t"}
    return json.dumps({"Version": "2012-10-17", "Statement": [{**defaults, **statement}]})


def test_a_role_is_kept_under_its_arn_with_the_policies_that_are_put_on_it(account: Account) -> None:
    arn = account.role("worker")
    name = account.world.roles[arn].name
    assert arn == f"arn:aws:iam::000000000000:role/{name}"
    account.create(POLICY, "writes", role=name, policy=policy())
    (document,) = account.world.roles[arn].policies.values()
    assert document["Statement"][0]["Action"] == "dynamodb:PutItem"


def test_a_second_role_of_the_same_name_is_refused(account: Account) -> None:
    account.create(ROLE, "a", name="same", assumeRolePolicy=trust("lambda.amazonaws.com"))
    with pytest.raises(ResourceRefused, match="EntityAlreadyExists"):
        account.create(ROLE, "b", name="same", assumeRolePolicy=trust("lambda.amazonaws.com"))


def test_a_policy_on_no_role_is_refused(account: Account) -> None:
    with pytest.raises(ResourceRefused, match="NoSuchEntity: role is 'nobody'"):
        account.create(POLICY, "writes", role="nobody", policy=policy())


@pytest.mark.parametrize("text", ["not json", "[]"])
def test_a_policy_that_is_not_a_json_object_is_refused(account: Account, text: str) -> None:
    name = account.world.roles[account.role()].name
    with pytest.raises(ResourceRefused, match="MalformedPolicyDocument"):
        account.create(POLICY, "writes", role=name, policy=text)


def test_a_policy_with_a_condition_fails_the_deployment_rather_than_being_ignored(account: Account) -> None:
    name = account.world.roles[account.role()].name
    with pytest.raises(UnsupportedPolicy, match="Condition"):
        account.create(POLICY, "writes", role=name, policy=policy(Condition={"Bool": {"a": "b"}}))


def test_policies_over_ten_thousand_characters_are_refused(account: Account) -> None:
    name = account.world.roles[account.role()].name
    many = [f"arn:aws:dynamodb:us-east-1:0:table/{number:04}" for number in range(300)]
    with pytest.raises(ResourceRefused, match=r"LimitExceeded.*allowed are 10240"):
        account.create(POLICY, "writes", role=name, policy=policy(Resource=many))


def test_a_log_group_with_a_retention_that_cloudwatch_does_not_have_is_refused(account: Account) -> None:
    with pytest.raises(ResourceRefused, match="retentionInDays is 15, allowed are 1, 3, 5"):
        account.create("aws:cloudwatch/logGroup:LogGroup", "logs", retentionInDays=15)
