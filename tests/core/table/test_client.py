"""Values as DynamoDB takes and gives them, and a client that sees each request to its end."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.errors import Busy
from shared.table.attributes import from_attributes, to_attributes
from shared.table.client import ConditionFailed, TableClient
from shared.table.keys import lease_key, record_key
from shared.table.writes import NEW, delete, put, update, where
from tests.support.aws import TABLE, Table
from tests.support.interference import answered_with

EXACT = 2**53
"""Up to here a number of JSON is one number, whole or not."""
NUMBERS = st.integers(-EXACT, EXACT) | st.floats(-EXACT, EXACT).filter(lambda value: value == 0 or abs(value) > 1e-100)
VALUES = st.recursive(
    st.booleans() | NUMBERS | st.text(max_size=8) | st.none(),
    lambda values: st.lists(values, max_size=4) | st.dictionaries(st.text(min_size=1, max_size=8), values, max_size=4),
    max_leaves=6,
)


@given(st.dictionaries(st.text(min_size=1, max_size=8), VALUES, max_size=5))
def test_plain_values_come_back_as_they_went_but_for_absent_ones(item: dict[str, Any]) -> None:
    expected = {name: value for name, value in item.items() if value is not None}
    assert from_attributes(to_attributes(item)) == expected


@pytest.mark.parametrize("value", [1, -1, 1795234650, 1.5, 1.5e-07, 1795234650.846126, 0.1 + 0.2])
def test_a_number_keeps_its_kind_and_each_of_its_digits(value: float) -> None:
    [back] = from_attributes(to_attributes({"n": value})).values()
    assert (back, type(back)) == (value, type(value))


KEYS = [record_key("o", str(number)) for number in range(7)]


@pytest.fixture
def client(table: Table) -> TableClient:  # noqa: ARG001
    return TableClient(TABLE)


def fill(client: TableClient) -> None:
    for number, key in enumerate(KEYS):
        client.write(put({**key, "n": number}))


def test_many_items_come_in_the_order_of_their_keys_with_gaps(client: TableClient) -> None:
    fill(client)
    asked = [KEYS[3], lease_key("o", "c"), KEYS[0]]
    assert [item and item["n"] for item in client.get_many(asked)] == [3, None, 0]
    assert client.get_many([]) == []


def test_items_that_dynamodb_leaves_out_for_load_are_asked_for_again(client: TableClient) -> None:
    fill(client)
    wire = [{name: {"S": text} for name, text in key.items()} for key in KEYS]
    left = {"Responses": {}, "UnprocessedKeys": {TABLE: {"Keys": wire[4:]}}}
    with answered_with(client.client, "BatchGetItem", left, times=1):
        assert [item and item["n"] for item in client.get_many(KEYS[4:])] == [4, 5, 6]


def test_removals_that_dynamodb_leaves_out_for_load_are_asked_for_again(client: TableClient) -> None:
    fill(client)
    left = {"UnprocessedItems": {TABLE: [{"DeleteRequest": {"Key": to_attributes(key)}} for key in KEYS]}}
    with answered_with(client.client, "BatchWriteItem", left, times=1):
        client.delete_all(KEYS)
    assert client.get_many(KEYS) == [None] * len(KEYS)


@pytest.mark.usefixtures("impatient")
def test_what_dynamodb_leaves_out_for_too_long_is_a_fault_that_passes(client: TableClient) -> None:
    asked = [to_attributes(key) for key in KEYS]
    unread = {"Responses": {}, "UnprocessedKeys": {TABLE: {"Keys": asked}}}
    with answered_with(client.client, "BatchGetItem", unread), pytest.raises(Busy):
        client.get_many(KEYS)
    unremoved = {"UnprocessedItems": {TABLE: [{"DeleteRequest": {"Key": key}} for key in asked]}}
    with answered_with(client.client, "BatchWriteItem", unremoved), pytest.raises(Busy):
        client.delete_all(KEYS)


def test_a_refused_write_names_the_item_in_its_way(client: TableClient) -> None:
    fill(client)
    with pytest.raises(ConditionFailed) as refusal:
        client.write(put({**KEYS[1], "n": 9}, NEW))
    assert refusal.value.items == {0: {**KEYS[1], "n": 1}}
    with pytest.raises(ConditionFailed) as refusal:
        client.write(delete(lease_key("o", "c"), where("attribute_exists(#pk)")))
    assert refusal.value.items == {0: None}


def test_a_refused_transaction_names_each_item_in_its_way_and_writes_nothing(client: TableClient) -> None:
    fill(client)
    writes = [
        put({**KEYS[1], "n": 9}, NEW),
        update(KEYS[2], {"n": 9}),
        update(KEYS[3], {"n": 9}, where("#n = :n", n=0)),
    ]
    with pytest.raises(ConditionFailed) as refusal:
        client.transact(writes)
    assert refusal.value.items == {0: {**KEYS[1], "n": 1}, 2: {**KEYS[3], "n": 3}}
    assert [item and item["n"] for item in client.get_many(KEYS[1:4])] == [1, 2, 3]


def test_an_update_sets_appends_and_removes_and_tells_what_is_there_now(client: TableClient) -> None:
    client.write(put({**KEYS[0], "parts": [{"a": 1}], "state": "x", "old": 1}))
    change = update(KEYS[0], {"state": "y", "left": None}, append={"parts": [{"b": 2.5}]}, remove=["old", "never"])
    assert client.write(change) == {**KEYS[0], "parts": [{"a": 1}, {"b": 2.5}], "state": "y"}


def test_all_who_ask_in_one_process_share_a_client() -> None:
    assert TableClient.from_environment() is TableClient.from_environment()
