"""Tables and their indexes, as DynamoDB is asked to make them."""

import re
from typing import Any

import pytest

from sandbox.errors import ResourceRefused
from tests.sandbox.resources.account import Account

TABLE = "aws:dynamodb/table:Table"
PK = {"name": "pk", "type": "S"}
OPEN = {"name": "open", "type": "S"}
SINCE = {"name": "since", "type": "N"}
HASH = {"attributeName": "open", "keyType": "HASH"}
RANGE = {"attributeName": "since", "keyType": "RANGE"}
LOCAL = {"name": "listed", "rangeKey": "listed", "projectionType": "ALL"}
SORTED: dict[str, Any] = {
    "rangeKey": "sk",
    "attributes": [PK, {"name": "sk", "type": "S"}, {"name": "listed", "type": "S"}],
}
INDEX = {"name": "open", "keySchemas": [HASH, RANGE], "projectionType": "KEYS_ONLY"}


class Tables:
    """Takes what the handler asks of DynamoDB."""

    def __init__(self) -> None:
        self.created: list[dict[str, Any]] = []
        self.deleted: list[str] = []

    def cognito(self) -> Any:
        raise AssertionError("a table needs no Cognito")

    def dynamodb(self) -> Any:
        return self

    class exceptions:  # noqa: N801 - boto3's name
        ResourceInUseException = KeyError

    def create_table(self, **call: Any) -> None:
        self.created.append(call)

    def delete_table(self, **call: Any) -> None:
        self.deleted.append(call["TableName"])


@pytest.fixture
def tables(account: Account) -> Tables:
    account.cloud.backend = Tables()
    return account.cloud.backend


def create(account: Account, **inputs: Any) -> None:
    account.create(TABLE, "streams", **{"billingMode": "PAY_PER_REQUEST", "hashKey": "pk", **inputs})


def test_a_table_without_indexes_is_made_without_any(account: Account, tables: Tables) -> None:
    create(account, attributes=[PK])
    (call,) = tables.created
    assert call["KeySchema"] == [{"AttributeName": "pk", "KeyType": "HASH"}]
    assert "GlobalSecondaryIndexes" not in call


def test_an_index_is_made_with_its_keys_and_its_projection(account: Account, tables: Tables) -> None:
    wide = {"name": "wide", "keySchemas": [HASH], "projectionType": "INCLUDE", "nonKeyAttributes": ["title"]}
    create(account, attributes=[PK, OPEN, SINCE], globalSecondaryIndexes=[INDEX, wide])
    assert tables.created[0]["GlobalSecondaryIndexes"] == [
        {
            "IndexName": "open",
            "KeySchema": [
                {"AttributeName": "open", "KeyType": "HASH"},
                {"AttributeName": "since", "KeyType": "RANGE"},
            ],
            "Projection": {"ProjectionType": "KEYS_ONLY"},
        },
        {
            "IndexName": "wide",
            "KeySchema": [{"AttributeName": "open", "KeyType": "HASH"}],
            "Projection": {"ProjectionType": "INCLUDE", "NonKeyAttributes": ("title",)},
        },
    ]


def test_a_local_index_has_the_table_s_partition_key_and_a_sort_key_of_its_own(
    account: Account, tables: Tables
) -> None:
    create(account, **SORTED, localSecondaryIndexes=[LOCAL])
    assert tables.created[0]["LocalSecondaryIndexes"] == [
        {
            "IndexName": "listed",
            "KeySchema": [
                {"AttributeName": "pk", "KeyType": "HASH"},
                {"AttributeName": "listed", "KeyType": "RANGE"},
            ],
            "Projection": {"ProjectionType": "ALL"},
        }
    ]


@pytest.mark.parametrize(
    ("inputs", "message"),
    [
        ({"attributes": [PK, OPEN]}, "the keys of the table and of its indexes, and no others"),
        ({"attributes": [PK, OPEN], "globalSecondaryIndexes": [INDEX]}, "of its indexes, and no others"),
        ({"globalSecondaryIndexes": [{**INDEX, "keySchemas": [RANGE]}]}, "takes one HASH and one RANGE"),
        ({"globalSecondaryIndexes": [{**INDEX, "keySchemas": [HASH, HASH]}]}, "takes one HASH and one RANGE"),
        ({"globalSecondaryIndexes": [{**INDEX, "keySchemas": []}]}, "takes one HASH and one RANGE"),
        ({"globalSecondaryIndexes": [{**INDEX, "hashKey": "open"}]}, "hashKey: misspelt, or not emulated"),
        ({"globalSecondaryIndexes": [{**INDEX, "projectionType": "SOME"}]}, "projectionType is 'SOME', allowed is"),
        ({"globalSecondaryIndexes": [{**INDEX, "nonKeyAttributes": ["x"]}]}, "INCLUDE names them"),
        ({"globalSecondaryIndexes": [{**INDEX, "projectionType": "INCLUDE"}]}, "INCLUDE names them"),
        ({"globalSecondaryIndexes": [INDEX, INDEX]}, "Duplicate index name: open"),
        ({"globalSecondaryIndexes": [{**INDEX, "readCapacity": 5}]}, "readCapacity: misspelt, or not emulated"),
        ({"localSecondaryIndexes": [LOCAL]}, "a table without a range key has no local secondary indexes"),
        ({**SORTED, "attributes": [PK], "localSecondaryIndexes": [LOCAL]}, "of its indexes, and no others"),
        ({**SORTED, "localSecondaryIndexes": [{**LOCAL, "hashKey": "pk"}]}, "hashKey: misspelt, or not emulated"),
        ({**SORTED, "localSecondaryIndexes": [{**LOCAL, "projectionType": "INCLUDE"}]}, "INCLUDE names them"),
        ({**SORTED, "localSecondaryIndexes": [LOCAL] * 6}, "6 indexes, allowed are 5"),
        (
            {**SORTED, "globalSecondaryIndexes": [INDEX], "localSecondaryIndexes": [{**LOCAL, "name": "open"}]},
            "Duplicate index name: open",
        ),
        ({"globalSecondaryIndexes": [INDEX] * 21}, "21 indexes, allowed are 20"),
    ],
)
@pytest.mark.usefixtures("tables")
def test_an_index_that_dynamodb_or_the_sandbox_would_not_make_is_refused(
    account: Account, inputs: dict[str, Any], message: str
) -> None:
    attributes = [PK, OPEN, SINCE] if "globalSecondaryIndexes" in inputs else [PK]
    with pytest.raises(ResourceRefused, match=re.escape(message)):
        create(account, **{"attributes": attributes, **inputs})
