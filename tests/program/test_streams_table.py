"""The table of streams and its indexes."""

import json

import pulumi
import pytest

from tests.docs.pages import page
from tests.program.conftest import Deploy
from tests.program.recording import ACCOUNT_ID, Deployment, defaults, run

TABLE = "aws:dynamodb/table:Table"
ARN = f"arn:aws:dynamodb:us-east-1:{ACCOUNT_ID}:table/chats"
TYPES = {"S": "string", "N": "number"}


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


def as_the_page_says(table: dict[str, object]) -> dict[str, str]:
    """The rows about a table of one's own, made of the one that the program makes."""
    types = {each["name"]: TYPES[each["type"]] for each in table["attributes"]}  # type: ignore[attr-defined]
    (local,) = table["localSecondaryIndexes"]  # type: ignore[misc]
    (index,) = table["globalSecondaryIndexes"]  # type: ignore[misc]
    first, second = (key["attributeName"] for key in index["keySchemas"])
    projections = {"ALL": "all attributes", "KEYS_ONLY": "the keys only"}
    own = local["rangeKey"]
    return {
        "partition key": f"`{table['hashKey']}`, a {types[str(table['hashKey'])]}",
        "sort key": f"`{table['rangeKey']}`, a {types[str(table['rangeKey'])]}",
        f"local secondary index `{local['name']}`": (
            f"sort key `{own}`, a {types[own]}; projects {projections[local['projectionType']]}"
        ),
        f"global secondary index `{index['name']}`": (
            f"partition key `{first}`, a {types[first]}; sort key `{second}`, a {types[second]}; "
            f"projects {projections[index['projectionType']]}"
        ),
        "attribute of the time to live": f"`{table['ttl']['attributeName']}`",  # type: ignore[index]
    }


def test_what_a_table_of_ones_own_must_have_is_what_the_programs_table_has(deploy: Deploy) -> None:
    (table,) = deploy().of(TABLE)
    rows = ((what, value) for what, value in page("docs/data.md").table_after("A table of your own"))
    assert dict(rows) == as_the_page_says(dict(table.inputs))


def named(deployment: Deployment) -> tuple[set[str], set[str]]:
    """The tables that functions are told of, and those that statements name."""
    functions = deployment.of("aws:lambda/function:Function")
    told = {variables["STREAMS_TABLE"] for one in functions if (variables := one.inputs["environment"]["variables"])}
    policies = [json.loads(one.inputs["policy"]) for one in deployment.of("aws:iam/rolePolicy:RolePolicy")]
    resources = {each for one in policies for statement in one["Statement"] for each in statement["Resource"]}
    return told, {each for each in resources if each.startswith("arn:aws:dynamodb:")}


@pytest.mark.parametrize("given", ["chats", ARN])
def test_with_a_table_that_is_there_the_program_makes_none_and_names_that_one_everywhere(
    deploy: Deploy, given: str
) -> None:
    deployment = deploy(streamsTable=given)
    assert deployment.of(TABLE) == []
    told, allowed = named(deployment)
    assert told == {"chats"}
    assert allowed == {ARN, f"{ARN}/index/open", f"{ARN}/index/listed"}
    assert deployment.calls == ["aws:index/getCallerIdentity:getCallerIdentity"]


def test_a_table_of_another_account_is_refused() -> None:
    elsewhere = ARN.replace(ACCOUNT_ID, "210987654321")
    settings = {**defaults(), "streamways:streamsTable": elsewhere, "streamways:architectures": '["function-url"]'}
    said = (
        f"^streamways:streamsTable is 'chats': this table is of the account 210987654321, and the stack of {ACCOUNT_ID}"
    )
    with pytest.raises(pulumi.RunError, match=said):
        run(settings, "dev")
