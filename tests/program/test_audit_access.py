"""Who may do what to the audit record: the policies of every function, as IAM reads them."""

import json

import pytest

from sandbox.iam.policies import role_allows, validate
from sandbox.world import Role, World
from shared.contract.table import Partition
from tests.program.conftest import Deploy
from tests.program.recording import ACCOUNT_ID

TABLE = f"arn:aws:dynamodb:us-east-1:{ACCOUNT_ID}:table/core-streams-0a1b2c3"
APPENDING = {"function-url-handler", "websocket-routes", "appsync-api"}
"""The functions that change who is in a chat."""
FACT = {f"{Partition.AUDIT}chat#c-1"}
ACTIONS = ("BatchGetItem", "BatchWriteItem", "DeleteItem", "GetItem", "Query", "Scan", "UpdateItem")


@pytest.fixture(scope="module")
def world(deploy: Deploy) -> World:
    """The roles of the functions, by their functions' names."""
    world = World("us-east-1", "http://127.0.0.1:9100")
    for policy in deploy().of("aws:iam/rolePolicy:RolePolicy"):
        document = json.loads(policy.inputs["policy"])
        validate(document)
        name = policy.name.removesuffix("-policy")
        world.roles[name] = Role(name, name, {}, {"policy": document})
    return world


def test_the_functions_that_change_who_is_in_a_chat_may_add_to_the_record(world: World) -> None:
    adding = {role for role in world.roles if role_allows(world, role, "dynamodb:PutItem", TABLE, FACT)}
    assert adding == APPENDING


@pytest.mark.parametrize("action", ACTIONS)
def test_no_function_changes_deletes_or_reads_the_record(world: World, action: str) -> None:
    assert not [role for role in world.roles if role_allows(world, role, f"dynamodb:{action}", TABLE, FACT)]


def test_no_function_smuggles_a_fact_into_a_batch(world: World) -> None:
    batch = {*FACT, "chat#c-1"}
    assert role_allows(world, "appsync-api", "dynamodb:BatchWriteItem", TABLE, {"chat#c-1"})
    assert not role_allows(world, "appsync-api", "dynamodb:BatchWriteItem", TABLE, batch)


@pytest.mark.parametrize("name", ["websocket-tickets", "websocket-authorizer"])
def test_what_handles_tickets_reaches_tickets_alone(world: World, name: str) -> None:
    (action,) = {"websocket-tickets": ["PutItem"], "websocket-authorizer": ["UpdateItem"]}[name]
    reached = {each for each in Partition if role_allows(world, name, f"dynamodb:{action}", TABLE, {f"{each}x"})}
    assert reached == {Partition.TICKET}
