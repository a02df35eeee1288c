"""Tables of moto that hold much: transactions and queries cost what they touch, and are taken back whole."""

import time
from typing import Any

import pytest

from sandbox.aws.moto import Moto
from sandbox.aws.moto_clients import MotoClients

PARTITIONS, ITEMS = 300, 10
TABLE = "much"


@pytest.fixture(scope="module")
def dynamodb(moto: Moto) -> Any:
    client = MotoClients(moto, "us-east-1").dynamodb()
    client.create_table(
        TableName=TABLE,
        BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[{"AttributeName": name, "AttributeType": "S"} for name in ("pk", "sk", "at")],
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}],
        LocalSecondaryIndexes=[
            {
                "IndexName": "order",
                "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "at", "KeyType": "RANGE"}],
                "Projection": {"ProjectionType": "ALL"},
            }
        ],
    )
    for partition in range(PARTITIONS):
        puts = [{"PutRequest": {"Item": item(f"p{partition}", f"s{at}", size=500)}} for at in range(ITEMS)]
        client.batch_write_item(RequestItems={TABLE: puts})
    return client


def item(pk: str, sk: str, *, size: int = 1) -> dict[str, Any]:
    return {"pk": {"S": pk}, "sk": {"S": sk}, "texts": {"L": [{"S": "x" * size}]}}


def put(pk: str, sk: str, condition: str) -> dict[str, Any]:
    return {"Put": {"TableName": TABLE, "Item": item(pk, sk), "ConditionExpression": condition}}


def query(dynamodb: Any, pk: str) -> list[str]:
    found = dynamodb.query(
        TableName=TABLE,
        KeyConditionExpression="pk = :pk AND begins_with(sk, :s)",
        ExpressionAttributeValues={":pk": {"S": pk}, ":s": {"S": "s"}},
    )
    return [each["sk"]["S"] for each in found["Items"]]


def test_a_query_gives_its_partition_in_order(dynamodb: Any) -> None:
    assert query(dynamodb, "p7") == sorted(f"s{at}" for at in range(ITEMS))
    assert query(dynamodb, "nothing") == []
    assert dynamodb.scan(TableName=TABLE, Select="COUNT")["Count"] > ITEMS, "a scan looks at all partitions"


def test_a_query_of_a_local_index_gives_what_it_holds_of_the_partition_in_order(dynamodb: Any) -> None:
    for partition, sk, at in (("p7", "x1", "2"), ("p7", "x2", "1"), ("p8", "x3", "3")):
        dynamodb.put_item(TableName=TABLE, Item={**item(partition, sk), "at": {"S": at}})
    found = dynamodb.query(
        TableName=TABLE,
        IndexName="order",
        ConsistentRead=True,
        KeyConditionExpression="pk = :pk AND #at BETWEEN :first AND :last",
        ExpressionAttributeNames={"#at": "at"},
        ExpressionAttributeValues={":pk": {"S": "p7"}, ":first": {"S": "0"}, ":last": {"S": "9"}},
    )
    assert [each["sk"]["S"] for each in found["Items"]] == ["x2", "x1"]
    assert found["ScannedCount"] == 2


def test_a_transaction_that_is_refused_leaves_every_item_as_it_was(dynamodb: Any) -> None:
    update = {
        "TableName": TABLE,
        "Key": {"pk": {"S": "p1"}, "sk": {"S": "s0"}},
        "UpdateExpression": "SET texts = list_append(texts, :more)",
        "ExpressionAttributeValues": {":more": {"L": [{"S": "more"}]}},
    }
    delete = {"TableName": TABLE, "Key": {"pk": {"S": "p1"}, "sk": {"S": "s1"}}}
    writes = [
        {"Update": update},
        {"Delete": delete},
        put("p1", "s-new", "attribute_not_exists(pk)"),
        put("p1", "s2", "attribute_not_exists(pk)"),
    ]
    before = dynamodb.get_item(TableName=TABLE, Key=update["Key"])["Item"]
    with pytest.raises(dynamodb.exceptions.TransactionCanceledException) as refused:
        dynamodb.transact_write_items(TransactItems=writes)
    codes = [reason["Code"] for reason in refused.value.response["CancellationReasons"]]
    assert codes == ["None", "None", "None", "ConditionalCheckFailed"]
    assert query(dynamodb, "p1") == sorted(f"s{at}" for at in range(ITEMS))
    assert dynamodb.get_item(TableName=TABLE, Key=update["Key"])["Item"] == before

    dynamodb.transact_write_items(TransactItems=writes[:3])
    assert "s-new" in query(dynamodb, "p1")
    assert "s1" not in query(dynamodb, "p1")


def test_a_transaction_on_a_table_that_holds_much_takes_no_longer_than_a_write(dynamodb: Any) -> None:
    def seconds(act: Any) -> float:
        began = time.perf_counter()
        for at in range(20):
            act(at)
        return time.perf_counter() - began

    writes = seconds(lambda at: dynamodb.put_item(TableName=TABLE, Item=item("single", f"s{at}")))
    transactions = seconds(
        lambda at: dynamodb.transact_write_items(
            TransactItems=[put("many", f"s{at}-{each}", "attribute_not_exists(pk)") for each in range(4)]
        )
    )
    assert transactions < 10 * writes + 0.5


def test_values_of_all_kinds_come_back_as_they_went(dynamodb: Any) -> None:
    values: dict[str, Any] = {
        "text": {"S": "wörld 🎈"},
        "empty": {"S": ""},
        "number": {"N": "0.1"},
        "yes": {"BOOL": True},
        "no": {"BOOL": False},
        "nothing": {"NULL": True},
        "bytes": {"B": b"\x00\xff"},
        "set": {"SS": ["a", "b"]},
        "list": {"L": [{"S": "a"}, {"L": []}, {"M": {"S": {"N": "1"}}}]},
        "map": {"M": {"M": {"M": {}}, "list": {"L": [{"BOOL": False}]}}},
    }
    whole = {**item("kinds", "s0"), **values}
    dynamodb.put_item(TableName=TABLE, Item=whole)
    assert dynamodb.get_item(TableName=TABLE, Key={"pk": whole["pk"], "sk": whole["sk"]})["Item"] == whole


def test_an_answer_that_holds_much_takes_little_longer_than_one_that_holds_little(dynamodb: Any) -> None:
    few, many = item("few", "s0"), {**item("much", "s0"), "list": {"L": [{"M": {"a": {"S": "x"}}}] * 500}}
    for each in (few, many):
        dynamodb.put_item(TableName=TABLE, Item=each)

    def seconds(pk: str) -> float:
        began = time.perf_counter()
        for _ in range(10):
            dynamodb.get_item(TableName=TABLE, Key={"pk": {"S": pk}, "sk": {"S": "s0"}})
        return time.perf_counter() - began

    assert seconds("much") < 5 * seconds("few") + 0.3
