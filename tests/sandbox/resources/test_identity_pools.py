"""Identity pools and the role of their users: what is made, changed, replaced, deleted and refused."""

import re
from typing import Any

import pytest

from sandbox.errors import ResourceRefused
from sandbox.identities import IdentityProvider
from sandbox.resources import registry
from sandbox.resources.handler import Standing
from stacks.iam import trust_of_users
from tests.sandbox.resources.account import Account

POOL = "aws:cognito/identityPool:IdentityPool"
ROLES = "aws:cognito/identityPoolRoleAttachment:IdentityPoolRoleAttachment"
PROVIDER = "cognito-idp.us-east-1.amazonaws.com/us-east-1_A"
INPUTS: dict[str, Any] = {
    "identityPoolName": "dev-signers",
    "allowUnauthenticatedIdentities": False,
    "allowClassicFlow": False,
    "cognitoIdentityProviders": [{"clientId": "c", "providerName": PROVIDER, "serverSideTokenCheck": True}],
}


def standing(account: Account, type_token: str, made_id: str, **inputs: Any) -> Standing:
    urn = f"urn:pulumi:test::project::{type_token}::pool"
    return Standing(urn, type_token, "pool", made_id, account.check(type_token, "pool", **inputs))


def test_a_pool_takes_the_tokens_of_its_providers_and_has_an_id_as_aws_makes_them(account: Account) -> None:
    made = account.create(POOL, "pool", **INPUTS)
    assert re.fullmatch(r"us-east-1:[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", made.id)
    assert made.outputs["arn"] == f"arn:aws:cognito-identity:us-east-1:000000000000:identitypool/{made.id}"
    assert account.world.identity_pools[made.id].providers == (IdentityProvider(PROVIDER, "c", True),)


def test_an_update_changes_the_providers_and_keeps_role_and_users(account: Account) -> None:
    made = account.create(POOL, "pool", **INPUTS)
    role = account.create("aws:iam/role:Role", "role", assumeRolePolicy=trust_of_users(made.id))
    account.create(ROLES, "roles", identityPoolId=made.id, roles={"authenticated": role.outputs["arn"]})
    account.world.identity_pools[made.id].identities.add("us-east-1:ada")
    other = {**INPUTS, "cognitoIdentityProviders": [{"clientId": "other", "providerName": PROVIDER}]}
    old = standing(account, POOL, made.id, **INPUTS)
    assert registry.update(account.cloud, old, account.check(POOL, "pool", **other)).id == made.id
    pool = account.world.identity_pools[made.id]
    assert pool.providers == (IdentityProvider(PROVIDER, "other", False),)
    assert (pool.role_arn, pool.identities) == (role.outputs["arn"], {"us-east-1:ada"})


def test_a_pool_that_is_deleted_takes_its_role_along(account: Account) -> None:
    made = account.create(POOL, "pool", **INPUTS)
    attached = {"identityPoolId": made.id, "roles": {"authenticated": "arn:aws:iam::000000000000:role/r"}}
    account.create(ROLES, "pool", **attached)
    roles = standing(account, ROLES, made.id, **attached)
    assert registry.exists(account.cloud, roles)
    registry.delete(account.cloud, standing(account, POOL, made.id, **INPUTS))
    assert not account.world.identity_pools
    assert not registry.exists(account.cloud, roles)


def test_without_its_role_a_pool_stays(account: Account) -> None:
    made = account.create(POOL, "pool", **INPUTS)
    attached = {"identityPoolId": made.id, "roles": {"authenticated": "arn:aws:iam::000000000000:role/r"}}
    account.create(ROLES, "pool", **attached)
    registry.delete(account.cloud, standing(account, ROLES, made.id, **attached))
    assert account.world.identity_pools[made.id].role_arn is None


@pytest.mark.parametrize(
    ("type_token", "key"),
    [(POOL, "identityPoolName"), (ROLES, "identityPoolId")],
)
def test_a_new_name_and_another_pool_need_a_new_resource(type_token: str, key: str) -> None:
    assert registry.compare(type_token, {key: "a"}, {key: "b"}).replaces == (key,)
    assert not registry.compare(type_token, {"roles": {"authenticated": "a"}}, {"roles": {}}).replaces


@pytest.mark.parametrize(
    ("type_token", "changes", "said"),
    [
        (POOL, {"allowUnauthenticatedIdentities": True}, "allowUnauthenticatedIdentities is true"),
        (POOL, {"allowClassicFlow": True}, "allowClassicFlow is true"),
        (POOL, {"supportedLoginProviders": {"graph.facebook.com": "7"}}, "supportedLoginProviders: misspelt, or not"),
        (POOL, {"identityPoolName": None}, "identityPoolName is required"),
        (POOL, {"cognitoIdentityProviders": [{"clientId": "c"}]}, "providerName is required"),
        (ROLES, {"identityPoolId": "us-east-1:none"}, "IdentityPool 'us-east-1:none' not found"),
        (ROLES, {"roles": {"unauthenticated": "arn:aws:iam::000000000000:role/r"}}, "roles has unauthenticated"),
        (ROLES, {"roleMappings": []}, "roleMappings: misspelt, or not emulated"),
    ],
)
def test_what_the_sandbox_cannot_keep_to_fails_the_deployment(
    account: Account, type_token: str, changes: dict[str, Any], said: str
) -> None:
    made = account.create(POOL, "pool", **INPUTS)
    inputs = INPUTS if type_token == POOL else {"identityPoolId": made.id, "roles": {}}
    given = {key: value for key, value in {**inputs, **changes}.items() if value is not None}
    with pytest.raises(ResourceRefused, match=re.escape(said)):
        account.create(type_token, "another", **given)
    assert [*account.world.identity_pools] == [made.id]
    assert account.world.identity_pools[made.id].role_arn is None
