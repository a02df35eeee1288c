import pytest

from sandbox.errors import ResourceRefused
from sandbox.resources.provider import CREDENTIALS
from tests.sandbox.resources.account import Account

PROVIDER = "pulumi:providers:aws"


def test_the_default_tags_of_a_provider_are_kept(account: Account) -> None:
    account.create(PROVIDER, "own", region="us-east-1", defaultTags='{"tags": {"project": "p"}}')
    assert {"project": "p"} in account.cloud.default_tags.values()


def test_a_provider_without_a_region_is_refused(account: Account) -> None:
    with pytest.raises(ResourceRefused, match="region is required"):
        account.create(PROVIDER, "own")


def test_a_provider_of_another_account_is_refused(account: Account) -> None:
    with pytest.raises(ResourceRefused, match="the sandbox's account is 000000000000"):
        account.create(PROVIDER, "own", region="us-east-1", allowedAccountIds='["123456789012"]')


def test_a_provider_that_forbids_the_sandboxs_account_is_refused(account: Account) -> None:
    account.create(PROVIDER, "own", region="us-east-1", forbiddenAccountIds='["123456789012"]')
    with pytest.raises(ResourceRefused, match="AWS account ID not allowed: 000000000000"):
        account.create(PROVIDER, "other", region="us-east-1", forbiddenAccountIds='["000000000000"]')


@pytest.mark.parametrize("key", CREDENTIALS)
def test_a_provider_that_deploys_in_the_name_of_somebody_is_refused(account: Account, key: str) -> None:
    with pytest.raises(ResourceRefused, match=rf"{key} is set, but the sandbox has one account.*-c aws:{key}="):
        account.create(PROVIDER, "own", region="us-east-1", **{key: "production"})


@pytest.mark.parametrize("key", ["endpoints", "ignoreTags", "stsRegion", "httpsProxy"])
def test_a_provider_that_reaches_aws_in_another_way_is_refused(account: Account, key: str) -> None:
    with pytest.raises(ResourceRefused, match=f"{key}: misspelt, or not emulated"):
        account.create(PROVIDER, "own", region="us-east-1", **{key: "x"})
