"""The moto process, and the resources that it keeps."""

import asyncio
import contextlib
import os
import re
import sys
import threading
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import pytest

from sandbox.aws.moto import Moto
from sandbox.aws.moto_clients import MotoClients
from sandbox.aws.moto_process import OneAtATime
from sandbox.errors import ResourceRefused, ServiceFailed
from tests.sandbox.resources.account import Account

TABLE = "aws:dynamodb/table:Table"
POOL = "aws:cognito/userPool:UserPool"
CLIENT = "aws:cognito/userPoolClient:UserPoolClient"
GROUP = "aws:cognito/userGroup:UserGroup"
KEYS = {"attributes": [{"name": "pk", "type": "S"}, {"name": "sk", "type": "S"}], "hashKey": "pk", "rangeKey": "sk"}


@pytest.fixture
def clients(moto: Moto) -> MotoClients:
    return MotoClients(moto, "us-east-1")


@pytest.fixture
def account(clients: MotoClients, tmp_path: Path) -> Account:
    return Account(tmp_path, clients)


def test_a_table_is_made_with_its_keys_and_its_time_to_live(account: Account, clients: MotoClients) -> None:
    ttl = {"attributeName": "expiresAt", "enabled": True}
    created = account.create(TABLE, "streams", billingMode="PAY_PER_REQUEST", ttl=ttl, **KEYS)
    table = clients.dynamodb().describe_table(TableName=created.id)["Table"]
    assert table["KeySchema"] == [
        {"AttributeName": "pk", "KeyType": "HASH"},
        {"AttributeName": "sk", "KeyType": "RANGE"},
    ]
    assert created.outputs["arn"] == f"arn:aws:dynamodb:us-east-1:000000000000:table/{created.id}" == table["TableArn"]
    described = clients.dynamodb().describe_time_to_live(TableName=created.id)["TimeToLiveDescription"]
    assert described == {"TimeToLiveStatus": "ENABLED", "AttributeName": "expiresAt"}


def test_a_second_table_of_the_same_name_is_refused(account: Account) -> None:
    account.create(TABLE, "one", name="same-table", billingMode="PAY_PER_REQUEST", **KEYS)
    with pytest.raises(ResourceRefused, match="ResourceInUseException"):
        account.create(TABLE, "two", name="same-table", billingMode="PAY_PER_REQUEST", **KEYS)


@pytest.mark.parametrize(
    ("inputs", "message"),
    [
        ({"name": "ab"}, "allowed are 3 to 255"),
        ({"hashKey": "other"}, "attributes must define the keys of the table"),
        ({"billingMode": "PROVISIONED"}, "allowed is one of PAY_PER_REQUEST"),
        ({"ttl": {"enabled": True}}, "ttl.attributeName is required"),
        ({"streamEnabled": True}, "streamEnabled: misspelt, or not emulated"),
    ],
)
def test_a_table_that_dynamodb_or_the_sandbox_would_not_make_is_refused(
    account: Account, inputs: dict[str, Any], message: str
) -> None:
    with pytest.raises(ResourceRefused, match=re.escape(message)):
        account.create(TABLE, "refused", **{"billingMode": "PAY_PER_REQUEST", **KEYS, **inputs})


def test_a_user_pool_has_its_client_and_groups(account: Account, clients: MotoClients) -> None:
    pool = account.create(POOL, "pool", usernameAttributes=["email"], autoVerifiedAttributes=["email"])
    client = account.create(CLIENT, "client", userPoolId=pool.id, explicitAuthFlows=["ALLOW_REFRESH_TOKEN_AUTH"])
    account.create(GROUP, "pro", userPoolId=pool.id, name="pro")
    assert pool.outputs["endpoint"] == f"cognito-idp.us-east-1.amazonaws.com/{pool.id}"
    assert pool.outputs["arn"] == f"arn:aws:cognito-idp:us-east-1:000000000000:userpool/{pool.id}"
    kept = clients.cognito().describe_user_pool_client(UserPoolId=pool.id, ClientId=client.id)["UserPoolClient"]
    assert kept["ExplicitAuthFlows"] == ["ALLOW_REFRESH_TOKEN_AUTH"]
    assert account.cloud.user_pools[pool.id].clients == [client.id]
    groups = clients.cognito().list_groups(UserPoolId=pool.id)["Groups"]
    assert [group["GroupName"] for group in groups] == ["pro"]


@pytest.mark.parametrize(
    ("type_token", "inputs", "message"),
    [
        (CLIENT, {"userPoolId": "absent"}, "User pool absent does not exist"),
        (CLIENT, {"explicitAuthFlows": ["USER_SRP_AUTH"]}, "allowed is a list of ALLOW_USER_AUTH"),
        (CLIENT, {"supportedIdentityProviders": ["Google"]}, "supportedIdentityProviders: misspelt, or not emulated"),
        (CLIENT, {"accessTokenValidity": 25}, "accessTokenValidity is 25 hours, allowed are 300 to 86400 seconds"),
        (CLIENT, {"idTokenValidity": 4, "tokenValidityUnits": {"idToken": "minutes"}}, "idTokenValidity is 4 minutes"),
        (CLIENT, {"refreshTokenValidity": 3651}, "refreshTokenValidity is 3651 days"),
        (CLIENT, {"tokenValidityUnits": {"idToken": "weeks"}}, "allowed is one of seconds, minutes, hours, days"),
        (CLIENT, {"authSessionValidity": 2}, "authSessionValidity is 2, allowed is a whole number from 3 to 15"),
        (GROUP, {"userPoolId": "absent", "name": "g"}, "User pool absent does not exist"),
        (POOL, {"userPoolId": None, "mfaConfiguration": "ON"}, "allowed is one of OFF"),
    ],
)
def test_identity_that_cognito_or_the_sandbox_would_not_make_is_refused(
    account: Account, type_token: str, inputs: dict[str, Any], message: str
) -> None:
    given = {"userPoolId": account.create(POOL, "pool").id, **inputs}
    with pytest.raises(ResourceRefused, match=re.escape(message)):
        account.create(type_token, "refused", **{key: value for key, value in given.items() if value is not None})


async def test_conditional_writes_that_race_are_granted_once(account: Account, clients: MotoClients) -> None:
    table = account.create(TABLE, "raced", billingMode="PAY_PER_REQUEST", **KEYS).id
    dynamodb = clients.dynamodb()

    def put() -> bool:
        try:
            dynamodb.put_item(
                TableName=table,
                Item={"pk": {"S": "stream"}, "sk": {"S": "stream"}},
                ConditionExpression="attribute_not_exists(pk)",
            )
        except dynamodb.exceptions.ConditionalCheckFailedException:
            return False
        return True

    granted = await asyncio.gather(*(asyncio.to_thread(put) for _ in range(24)))
    assert granted.count(True) == 1


async def test_moto_works_on_one_request_at_a_time() -> None:
    meeting = threading.Barrier(2, timeout=0.3)

    def application(*_: object) -> list[bytes]:
        with contextlib.suppress(threading.BrokenBarrierError):
            meeting.wait()
            return [b"met"]
        return [b"alone"]

    served = OneAtATime(application)
    answers = await asyncio.gather(*(asyncio.to_thread(served, {}, lambda *_: None) for _ in range(2)))
    assert answers == [[b"alone"], [b"alone"]]


def test_a_connection_to_moto_is_kept_also_after_a_request_that_it_refuses(moto: Moto) -> None:
    connection = HTTPConnection(moto.url.result().removeprefix("http://"))
    headers = {
        "authorization": "AWS4-HMAC-SHA256 Credential=moto/20261122/us-east-1/dynamodb/aws4_request",
        "content-type": "application/x-amz-json-1.0",
        "x-amz-target": "DynamoDB_20120810.DescribeTable",
    }
    with contextlib.closing(connection):
        connection.connect()
        there = connection.sock
        for _ in range(2):
            connection.request("POST", "/", b'{"TableName": "none"}', headers)
            answer = connection.getresponse()
            assert answer.status == 400
            assert b"ResourceNotFoundException" in answer.read()
            assert connection.sock is there, "http.client opens another one when an answer closed this"


async def test_moto_ends_when_the_sandbox_is_gone() -> None:
    read, write = os.pipe()
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-P", "-m", "sandbox.aws.moto_process"), stdin=read, stdout=asyncio.subprocess.PIPE
    )
    os.close(read)
    assert process.stdout is not None
    assert (await process.stdout.readline()).strip().isdigit()
    os.close(write)
    assert await asyncio.wait_for(process.wait(), 10) == 0


async def test_a_moto_that_does_not_come_up_is_said_in_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTHONHOME", "/nowhere")
    moto = Moto(tmp_path / "moto.log")
    await moto.start()
    with pytest.raises(ServiceFailed, match=r"did not start; see .*moto\.log"):
        await moto.answering()
    with pytest.raises(ServiceFailed):
        moto.url.result(0)
    await moto.stop()


async def test_whoever_waits_for_moto_is_told_when_it_is_stopped_first(tmp_path: Path) -> None:
    moto = Moto(tmp_path / "moto.log")
    await moto.start()
    await moto.stop()
    with pytest.raises(ServiceFailed, match="stopped before it answered"):
        moto.url.result(0)
