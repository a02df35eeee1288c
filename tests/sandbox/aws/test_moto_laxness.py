"""What moto takes and DynamoDB refuses, as the page of differences has it: a row whose request is refused is to go."""

from collections.abc import Callable
from typing import Any

import pytest

from sandbox.aws.moto import Moto
from sandbox.aws.moto_clients import MotoClients
from tests.sandbox.test_differences import rows

TABLE = "lax"
LONG_KEY = {"pk": {"S": "p"}, "sk": {"S": "x" * 1025}}
"""A sort key has at most 1,024 bytes."""
DEEP: dict[str, Any] = {"S": "x"}
for _ in range(33):
    DEEP = {"L": [DEEP]}


@pytest.fixture(scope="module")
def dynamodb(moto: Moto) -> Any:
    client = MotoClients(moto, "us-east-1").dynamodb()
    client.create_table(
        TableName=TABLE,
        BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[{"AttributeName": name, "AttributeType": "S"} for name in ("pk", "sk", "at")],
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}],
        GlobalSecondaryIndexes=[
            {
                "IndexName": "by-at",
                "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "at", "KeyType": "RANGE"}],
                "Projection": {"ProjectionType": "KEYS_ONLY"},
            }
        ],
    )
    return client


ALWAYS = "attribute_not_exists(neverThere)"


def put(dynamodb: Any, *, condition: str = ALWAYS, **attributes: Any) -> None:
    item = {"pk": {"S": "p"}, "sk": {"S": "s"}, **attributes}
    dynamodb.put_item(TableName=TABLE, Item=item, ConditionExpression=condition)


def transact(dynamodb: Any, count: int, size: int) -> None:
    items = [{"pk": {"S": "p"}, "sk": {"S": f"t{at}"}, "text": {"S": "x" * size}} for at in range(count)]
    dynamodb.transact_write_items(TransactItems=[{"Put": {"TableName": TABLE, "Item": item}} for item in items])


def batch(dynamodb: Any, count: int) -> None:
    writes = [{"PutRequest": {"Item": {"pk": {"S": "p"}, "sk": {"S": f"b{at}"}}}} for at in range(count)]
    dynamodb.batch_write_item(RequestItems={TABLE: writes})


TAKEN: dict[str, tuple[str, Callable[[Any], object]]] = {
    # what: words of its row, request
    "transaction of 4.5 MB": ("a transaction of more than 4 MB", lambda db: transact(db, 15, 300_000)),
    "26 writes": ("a batch of more than 25 writes", lambda db: batch(db, 26)),
    "39 digits": ("a number of more than 38 digits", lambda db: put(db, number={"N": "1" * 39})),
    "1e126": ("or beyond 10^126", lambda db: put(db, number={"N": "1e126"})),
    "33 levels": ("more than 32 levels deep", lambda db: put(db, deep=DEEP)),
    "expression of 7 KB": (
        "an expression of more than 4 KB",
        lambda db: put(db, condition=" OR ".join([ALWAYS] * 200)),
    ),
    "a range that ends before it begins": (
        "a range that ends before it begins",
        lambda db: db.query(
            TableName=TABLE,
            KeyConditionExpression="pk = :pk AND sk BETWEEN :first AND :end",
            ExpressionAttributeValues={":pk": {"S": "p"}, ":first": {"S": "b"}, ":end": {"S": "a"}},
        ),
    ),
    "read by a long key": ("where one is read or deleted", lambda db: db.get_item(TableName=TABLE, Key=LONG_KEY)),
    "delete by a long key": ("where one is read or deleted", lambda db: db.delete_item(TableName=TABLE, Key=LONG_KEY)),
}
REFUSED: dict[str, Callable[[Any], object]] = {
    "put with a long sort key": lambda db: put(db, **LONG_KEY),
    "put with a long key of an index": lambda db: put(db, at={"S": "x" * 1025}),
    "put with a long hash key": lambda db: put(db, pk={"S": "x" * 2049}),
    "101 writes in a transaction": lambda db: transact(db, 101, 1),
    "item of 401 KB": lambda db: put(db, text={"S": "x" * 410_000}),
}
"""As on AWS: the same requests, where moto is as strict."""


@pytest.mark.parametrize("what", TAKEN)
def test_moto_takes_what_the_page_says_that_it_takes(dynamodb: Any, what: str) -> None:
    words, request = TAKEN[what]
    assert any(words in row for row in rows())
    request(dynamodb)


@pytest.mark.parametrize("what", REFUSED)
def test_moto_refuses_what_dynamodb_refuses(dynamodb: Any, what: str) -> None:
    with pytest.raises(dynamodb.exceptions.ClientError, match="ValidationException"):
        REFUSED[what](dynamodb)
