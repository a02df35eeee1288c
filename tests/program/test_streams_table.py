"""The table of streams and its indexes."""

from tests.program.conftest import Deploy


def test_the_streams_table_forgets_and_is_paid_by_request(deploy: Deploy) -> None:
    (table,) = deploy().of("aws:dynamodb/table:Table")
    assert (table.inputs["hashKey"], table.inputs["rangeKey"]) == ("pk", "sk")
    assert table.inputs["billingMode"] == "PAY_PER_REQUEST"
    assert table.inputs["ttl"] == {"attributeName": "expiresAt", "enabled": True}


def test_the_index_of_running_streams_has_their_keys_by_architecture_and_start(deploy: Deploy) -> None:
    (table,) = deploy().of("aws:dynamodb/table:Table")
    (index,) = table.inputs["globalSecondaryIndexes"]
    keys = [(key["attributeName"], key["keyType"]) for key in index["keySchemas"]]
    types = {attribute["name"]: attribute["type"] for attribute in table.inputs["attributes"]}

    assert (index["name"], index["projectionType"]) == ("open", "KEYS_ONLY")
    assert keys == [("open", "HASH"), ("startedAt", "RANGE")]
    assert types == {"pk": "S", "sk": "S", "open": "S", "startedAt": "N", "listed": "S"}


def test_the_index_of_users_lists_is_local_so_that_it_is_read_consistently(deploy: Deploy) -> None:
    (table,) = deploy().of("aws:dynamodb/table:Table")
    assert table.inputs["localSecondaryIndexes"] == [{"name": "listed", "rangeKey": "listed", "projectionType": "ALL"}]
