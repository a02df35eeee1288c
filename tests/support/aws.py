"""AWS as the code under test sees it: made-up keys, and DynamoDB in this process (moto)."""

import threading
from collections.abc import Iterator
from functools import cache
from typing import Any

import boto3
import pytest
from boto3.dynamodb.types import TypeDeserializer
from moto import mock_aws
from moto.dynamodb.responses import DynamoHandler

TABLE = "streams-of-the-test"
REGION = "us-east-1"

ENVIRONMENT = {
    "AWS_ACCESS_KEY_ID": "AKIAEXAMPLE",
    "AWS_SECRET_ACCESS_KEY": "secret",
    "AWS_SESSION_TOKEN": "session",
    "AWS_REGION": REGION,
    "AWS_DEFAULT_REGION": REGION,
    "AWS_EC2_METADATA_DISABLED": "true",
    "AWS_CONFIG_FILE": "/dev/null",
    "AWS_SHARED_CREDENTIALS_FILE": "/dev/null",
    "POWERTOOLS_SERVICE_NAME": "test",
    "POWERTOOLS_METRICS_NAMESPACE": "Streamways",
    "STREAMS_TABLE": TABLE,
}


@pytest.fixture(scope="session", autouse=True)
def lambda_environment() -> Iterator[None]:
    """A function's environment, with keys that open nothing: no test reaches an account."""
    with pytest.MonkeyPatch.context() as patch:
        for name, value in ENVIRONMENT.items():
            patch.setenv(name, value)
        patch.delenv("AWS_PROFILE", raising=False)
        patch.setattr(boto3, "DEFAULT_SESSION", None)
        yield


class Table:
    """The table of streams, looked at from outside."""

    def __init__(self) -> None:
        self._client = _dynamodb()

    def create(self) -> None:
        """As the program does."""
        self._client.create_table(
            TableName=TABLE,
            BillingMode="PAY_PER_REQUEST",
            KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}],
            AttributeDefinitions=[{"AttributeName": name, "AttributeType": "S"} for name in ("pk", "sk")],
        )

    def delete(self) -> None:
        """From now on each request to it fails."""
        self._client.delete_table(TableName=TABLE)

    def stream(self, owner: str, stream_id: str) -> dict[str, Any] | None:
        """The record of a stream."""
        key = {"pk": f"stream#{owner}#{stream_id}", "sk": "stream"}
        typed = {name: {"S": value} for name, value in key.items()}
        item = self._client.get_item(TableName=TABLE, Key=typed).get("Item")
        return item and {name: TypeDeserializer().deserialize(value) for name, value in item.items()}

    def count(self) -> int:
        """How many records there are."""
        return self._client.scan(TableName=TABLE, Select="COUNT")["Count"]


@cache
def _dynamodb() -> Any:
    return boto3.client("dynamodb", region_name=REGION)


@pytest.fixture
def table(monkeypatch: pytest.MonkeyPatch) -> Iterator[Table]:
    """An empty table of streams. One request at a time: in a process with threads, moto leaves that to its callers."""
    lock = threading.Lock()
    answer = DynamoHandler.call_action

    def one_at_a_time(handler: DynamoHandler) -> Any:
        with lock:
            return answer(handler)

    monkeypatch.setattr(DynamoHandler, "call_action", one_at_a_time)
    with mock_aws(config={"core": {"mock_credentials": False}}):
        table = Table()
        table.create()
        yield table
