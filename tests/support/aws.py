"""AWS as the code under test sees it: made-up keys, and DynamoDB in this process (moto)."""

import threading
from collections.abc import Iterable, Iterator
from functools import cache
from typing import Any

import boto3
import pytest
from boto3.dynamodb.types import TypeDeserializer, TypeSerializer
from moto import mock_aws
from moto.backends import get_backend
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
    "STACK_NAME": "pr-7",
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
    """The table of streams, looked at from outside. Items are plain values; numbers may be Decimals."""

    def __init__(self, endpoint_url: str | None = None) -> None:
        self._client = _dynamodb(endpoint_url)

    def create(self) -> None:
        """As the program does."""
        key_types = {"pk": "S", "sk": "S", "open": "S", "startedAt": "N", "listed": "S"}
        self._client.create_table(
            TableName=TABLE,
            BillingMode="PAY_PER_REQUEST",
            KeySchema=_schema("pk", "sk"),
            AttributeDefinitions=[{"AttributeName": name, "AttributeType": kind} for name, kind in key_types.items()],
            LocalSecondaryIndexes=[
                {
                    "IndexName": "listed",
                    "KeySchema": _schema("pk", "listed"),
                    "Projection": {"ProjectionType": "ALL"},
                }
            ],
            GlobalSecondaryIndexes=[
                {
                    "IndexName": "open",
                    "KeySchema": _schema("open", "startedAt"),
                    "Projection": {"ProjectionType": "KEYS_ONLY"},
                }
            ],
        )

    def delete(self) -> None:
        """From now on each request to it fails."""
        self._client.delete_table(TableName=TABLE)

    def item(self, pk: str, sk: str) -> dict[str, Any] | None:
        """One item."""
        item = self._client.get_item(TableName=TABLE, Key={"pk": {"S": pk}, "sk": {"S": sk}}).get("Item")
        return item and _plain(item)

    def items(self, pk: str = "", sk: str = "") -> list[dict[str, Any]]:
        """All items whose keys begin so, in the order of their keys."""
        pages = self._client.get_paginator("scan").paginate(TableName=TABLE)
        found = [_plain(item) for page in pages for item in page["Items"]]
        chosen = [item for item in found if item["pk"].startswith(pk) and item["sk"].startswith(sk)]
        return sorted(chosen, key=lambda item: (item["pk"], item["sk"]))

    def change(self, pk: str, sk: str, **changes: object) -> None:
        """Sets attributes of an item, as time or another function would."""
        values = {f":{name}": TypeSerializer().serialize(value) for name, value in changes.items()}
        self._client.update_item(
            TableName=TABLE,
            Key={"pk": {"S": pk}, "sk": {"S": sk}},
            UpdateExpression="SET " + ", ".join(f"#{name} = :{name}" for name in changes),
            ExpressionAttributeNames={f"#{name}": name for name in changes},
            ExpressionAttributeValues=values,
        )

    def fill(self, items: Iterable[dict[str, object]]) -> None:
        """Puts many items."""
        puts = [
            {"PutRequest": {"Item": {name: TypeSerializer().serialize(value) for name, value in item.items()}}}
            for item in items
        ]
        for first in range(0, len(puts), 25):
            self._client.batch_write_item(RequestItems={TABLE: puts[first : first + 25]})

    def remove(self, pk: str, sk: str) -> None:
        """Deletes an item."""
        self._client.delete_item(TableName=TABLE, Key={"pk": {"S": pk}, "sk": {"S": sk}})

    def stream(self, owner: str, stream_id: str) -> dict[str, Any] | None:
        """The record of a stream."""
        return self.item(f"stream#{owner}#{stream_id}", "stream")

    def lease(self, owner: str, chat_id: str) -> dict[str, Any] | None:
        """What a running stream of this user in this chat is."""
        return self.item(f"user#{owner}", f"lease#{chat_id}")

    def chat(self, chat_id: str) -> dict[str, Any] | None:
        """A chat."""
        return self.item(f"chat#{chat_id}", "chat")

    def messages(self, chat_id: str) -> list[dict[str, Any]]:
        """The messages of a chat, also those that were cut off."""
        return self.items(f"chat#{chat_id}", "message#")

    def membership(self, user: str, chat_id: str) -> dict[str, Any] | None:
        """What a user's list says of a chat."""
        return self.item(f"user#{user}", f"chat#{chat_id}")

    def count(self) -> int:
        """How many items there are."""
        return len(self.items())


def _schema(hash_key: str, range_key: str) -> list[dict[str, str]]:
    return [{"AttributeName": hash_key, "KeyType": "HASH"}, {"AttributeName": range_key, "KeyType": "RANGE"}]


def _plain(item: dict[str, Any]) -> dict[str, Any]:
    return {name: TypeDeserializer().deserialize(value) for name, value in item.items()}


@cache
def _dynamodb(endpoint_url: str | None) -> Any:
    return boto3.client("dynamodb", region_name=REGION, endpoint_url=endpoint_url)


@pytest.fixture(scope="module")
def mocked_aws() -> Iterator[None]:
    """AWS in this process. A module shares it, because moto takes as long to begin as a test does."""
    with mock_aws(config={"core": {"mock_credentials": False}}):
        yield


@pytest.fixture
def table(mocked_aws: None, monkeypatch: pytest.MonkeyPatch) -> Table:  # noqa: ARG001
    """An empty table of streams. One request at a time: in a process with threads, moto leaves that to its callers."""
    lock = threading.Lock()
    answer = DynamoHandler.call_action

    def one_at_a_time(handler: DynamoHandler) -> Any:
        with lock:
            return answer(handler)

    monkeypatch.setattr(DynamoHandler, "call_action", one_at_a_time)
    get_backend("dynamodb").reset()
    table = Table()
    table.create()
    return table
