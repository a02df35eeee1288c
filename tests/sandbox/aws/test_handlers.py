"""Tables and user pools from their making to their end, kept by a real moto."""

from pathlib import Path
from typing import Any

import pytest

from sandbox.aws.moto import Moto
from sandbox.aws.moto_clients import MotoClients
from sandbox.errors import ResourceRefused
from sandbox.resources import registry
from sandbox.resources.handler import Created, Standing
from tests.sandbox.resources.account import REGION, Account

TABLE = "aws:dynamodb/table:Table"
POOL = "aws:cognito/userPool:UserPool"
CLIENT = "aws:cognito/userPoolClient:UserPoolClient"
GROUP = "aws:cognito/userGroup:UserGroup"
KEYED: dict[str, Any] = {"billingMode": "PAY_PER_REQUEST", "hashKey": "pk"}
PK, OPEN, SINCE = ({"name": name, "type": "S"} for name in ("pk", "open", "since"))


@pytest.fixture
def clients(moto: Moto) -> MotoClients:
    return MotoClients(moto, REGION)


@pytest.fixture
def account(clients: MotoClients, tmp_path: Path) -> Account:
    return Account(tmp_path, clients)


class Kept:
    """One resource, changed and deleted as an engine would."""

    def __init__(self, account: Account, type_token: str, name: str, /, **inputs: Any) -> None:
        self._account = account
        self._type, self._name = type_token, name
        self.made: Created = account.create(type_token, name, **inputs)
        self.inputs = account.check(type_token, name, **inputs)

    @property
    def standing(self) -> Standing:
        urn = f"urn:pulumi:test::project::{self._type}::{self._name}"
        return Standing(urn, self._type, self._name, self.made.id, self.inputs)

    def update(self, **inputs: Any) -> None:
        wanted = self._account.check(self._type, self._name, **inputs)
        self.made = registry.update(self._account.cloud, self.standing, wanted)
        self.inputs = wanted

    def delete(self) -> None:
        registry.delete(self._account.cloud, self.standing)

    def exists(self) -> bool:
        return registry.exists(self._account.cloud, self.standing)


def index(name: str, key: str) -> dict[str, Any]:
    keys = [{"attributeName": key, "keyType": "HASH"}]
    return {"name": name, "keySchemas": keys, "projectionType": "KEYS_ONLY"}


def test_a_table_gets_other_indexes_and_another_ttl_and_keeps_its_items(account: Account, clients: MotoClients) -> None:
    first = {"attributes": [PK, OPEN], "globalSecondaryIndexes": [index("open", "open"), index("kept", "open")]}
    table = Kept(account, TABLE, "streams", **KEYED, **first, ttl={"enabled": True, "attributeName": "expires"})
    dynamodb, name = clients.dynamodb(), table.made.id
    dynamodb.put_item(TableName=name, Item={"pk": {"S": "one"}})
    second = {
        "attributes": [PK, OPEN, SINCE],
        "globalSecondaryIndexes": [index("open", "since"), index("kept", "open")],
    }
    table.update(**KEYED, **second, ttl={"enabled": True, "attributeName": "endsAt"})
    description = dynamodb.describe_table(TableName=name)["Table"]
    keys = {each["IndexName"]: each["KeySchema"][0]["AttributeName"] for each in description["GlobalSecondaryIndexes"]}
    assert keys == {"open": "since", "kept": "open"}
    assert dynamodb.describe_time_to_live(TableName=name)["TimeToLiveDescription"]["AttributeName"] == "endsAt"
    assert dynamodb.scan(TableName=name)["Count"] == 1
    table.delete()
    assert not table.exists()


def test_a_protected_table_and_a_protected_pool_are_not_deleted(account: Account) -> None:
    table = Kept(account, TABLE, "protected", **KEYED, attributes=[PK], deletionProtectionEnabled=True)
    pool = Kept(account, POOL, "protected", deletionProtection="ACTIVE")
    for kept, reason in ((table, "currently protected against deletion"), (pool, "deletion protection is activated")):
        with pytest.raises(ResourceRefused, match=reason):
            kept.delete()
        assert kept.exists()
    table.update(**KEYED, attributes=[PK])
    pool.update(deletionProtection="INACTIVE")
    for kept in (table, pool):
        kept.delete()
        assert not kept.exists()


def test_a_pool_is_changed_with_its_users_in_it(account: Account, clients: MotoClients) -> None:
    pool = Kept(account, POOL, "pool", usernameAttributes=["email"])
    client = Kept(account, CLIENT, "client", userPoolId=pool.made.id, generateSecret=True)
    group = Kept(account, GROUP, "pro", userPoolId=pool.made.id, name="pro")
    cognito, pool_id = clients.cognito(), pool.made.id
    cognito.admin_create_user(UserPoolId=pool_id, Username="pro@example.com", MessageAction="SUPPRESS")
    pool.update(usernameAttributes=["email"], adminCreateUserConfig={"allowAdminCreateUserOnly": True})
    client.update(userPoolId=pool_id, generateSecret=True, authSessionValidity=9)
    group.update(userPoolId=pool_id, name="pro", description="paying")
    described = cognito.describe_user_pool(UserPoolId=pool_id)["UserPool"]
    assert described["UsernameAttributes"] == ["email"], "an update cannot say it, and does not take it away"
    assert described["AdminCreateUserConfig"]["AllowAdminCreateUserOnly"] is True
    assert len(cognito.list_users(UserPoolId=pool_id)["Users"]) == 1
    found = cognito.describe_user_pool_client(UserPoolId=pool_id, ClientId=client.made.id)["UserPoolClient"]
    assert (found["AuthSessionValidity"], client.made.outputs["clientSecret"]) == (9, found["ClientSecret"])
    assert cognito.get_group(UserPoolId=pool_id, GroupName="pro")["Group"]["Description"] == "paying"
    assert account.cloud.user_pools[pool_id].clients == [client.made.id]
    for kept in (group, client, pool):
        kept.delete()
        assert not kept.exists()
    assert pool_id not in account.cloud.user_pools
