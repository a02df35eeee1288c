"""Secrets as the program makes them: without a value, and without anything that outlives them."""

from pathlib import Path
from typing import Any
from uuid import uuid4

import boto3
import pytest

from sandbox.errors import ResourceRefused
from sandbox.resources import registry
from sandbox.resources.handler import Standing
from tests.sandbox.resources.account import Account, NoBackend
from tests.support.aws import lambda_environment, mocked_aws

__all__ = ["lambda_environment", "mocked_aws"]

SECRET = "aws:secretsmanager/secret:Secret"


class Secrets(NoBackend):
    """Secrets Manager of this process."""

    def __init__(self) -> None:
        self.client: Any = boto3.client("secretsmanager")

    def secretsmanager(self) -> Any:
        return self.client


@pytest.fixture
def account(mocked_aws: None, tmp_path: Path) -> Account:  # noqa: ARG001
    return Account(tmp_path, Secrets())


def test_a_secret_is_made_without_a_value_changed_and_deleted_for_good(account: Account) -> None:
    secrets: Any = account.cloud.backend.secretsmanager()
    name, inputs = uuid4().hex, {"description": "one", "recoveryWindowInDays": 0}
    made = account.create(SECRET, name, **inputs)
    assert made.outputs["arn"] == made.id
    with pytest.raises(secrets.exceptions.ResourceNotFoundException, match="staging label: AWSCURRENT"):
        secrets.get_secret_value(SecretId=made.id)

    standing = Standing("urn", SECRET, name, made.id, account.check(SECRET, name, **inputs))
    changed = registry.update(account.cloud, standing, account.check(SECRET, name, description="two"))
    assert (changed.id, secrets.describe_secret(SecretId=made.id)["Description"]) == (made.id, "two")

    for _ in range(2):
        registry.delete(account.cloud, standing)
        assert not registry.exists(account.cloud, standing)


def test_two_secrets_have_names_of_their_own(account: Account) -> None:
    name = uuid4().hex
    account.create(SECRET, "one", name=name)
    with pytest.raises(ResourceRefused, match="already exists"):
        account.create(SECRET, "other", name=name)


def test_a_recovery_window_is_none_or_a_week_at_least(account: Account) -> None:
    with pytest.raises(ResourceRefused, match="0 or 7 to 30"):
        account.create(SECRET, "one", recoveryWindowInDays=3)


@pytest.mark.parametrize(
    "type_token",
    [
        "aws:apigatewayv2/domainName:DomainName",
        "aws:apigatewayv2/apiMapping:ApiMapping",
        "aws:appsync/domainName:DomainName",
        "aws:appsync/domainNameApiAssociation:DomainNameApiAssociation",
        "aws:route53/record:Record",
    ],
)
def test_what_a_domain_name_needs_is_refused_with_the_reason(account: Account, type_token: str) -> None:
    with pytest.raises(ResourceRefused, match=r"the sandbox has no domain names: .*take the setting of the domain out"):
        account.create(type_token, "own")


@pytest.mark.parametrize(
    ("type_token", "remedy"),
    [
        ("aws:cloudfront/distribution:Distribution", "take functionUrlDomain out, and set page to false"),
        ("aws:cloudfront/keyValueStore:KeyValueStore", "take functionUrlDomain out, and set page to false"),
        ("aws:s3/bucket:Bucket", "set page to false"),
    ],
)
def test_what_the_web_page_of_aws_needs_is_refused_because_the_sandbox_serves_it(
    account: Account, type_token: str, remedy: str
) -> None:
    with pytest.raises(ResourceRefused, match=f"the sandbox .*serves the web page itself.*: {remedy}"):
        account.create(type_token, "own")


def test_a_web_acl_is_refused_with_the_reason(account: Account) -> None:
    with pytest.raises(ResourceRefused, match="the sandbox has no AWS WAF; take the setting of the web ACL out"):
        account.create("aws:wafv2/webAclAssociation:WebAclAssociation", "own")
