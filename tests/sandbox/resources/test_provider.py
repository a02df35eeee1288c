import pytest

from sandbox.errors import ResourceRefused
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


def test_a_provider_with_keys_or_endpoints_of_its_own_is_refused(account: Account) -> None:
    with pytest.raises(ResourceRefused, match="profile: misspelt, or not emulated"):
        account.create(PROVIDER, "own", region="us-east-1", profile="production")
