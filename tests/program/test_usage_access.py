"""Who may do what to the usage records: the policies of every function, as IAM reads them."""

import json

import pytest

from sandbox.iam.policies import role_allows
from sandbox.world import Role, World
from shared.contract.table import Partition
from tests.program.conftest import Deploy
from tests.program.recording import ACCOUNT_ID

TABLE = f"arn:aws:dynamodb:us-east-1:{ACCOUNT_ID}:table/core-streams-0a1b2c3"
ENDING = {
    *("function-url-handler", "function-url-reaper", "websocket-worker", "websocket-reaper"),
    *("appsync-worker", "appsync-reaper"),
}
"""The functions that end streams."""
RATING = {"function-url-handler", "websocket-routes", "appsync-api"}
RECORD = {f"{Partition.USAGE}2026-11-22#07"}


@pytest.fixture(scope="module")
def world(deploy: Deploy) -> World:
    """The roles of the functions, by their functions' names."""
    world = World("us-east-1", "http://127.0.0.1:9100")
    for policy in deploy().of("aws:iam/rolePolicy:RolePolicy"):
        name = policy.name.removesuffix("-policy")
        world.roles[name] = Role(name, name, {}, {"policy": json.loads(policy.inputs["policy"])})
    return world


@pytest.mark.parametrize(("action", "allowed"), [("PutItem", ENDING), ("UpdateItem", RATING)])
def test_who_ends_streams_adds_records_and_who_answers_users_rates_them(
    world: World, action: str, allowed: set[str]
) -> None:
    assert {role for role in world.roles if role_allows(world, role, f"dynamodb:{action}", TABLE, RECORD)} == allowed


@pytest.mark.parametrize("action", ["BatchGetItem", "BatchWriteItem", "DeleteItem", "GetItem", "Query", "Scan"])
def test_no_function_reads_or_deletes_records(world: World, action: str) -> None:
    assert not [role for role in world.roles if role_allows(world, role, f"dynamodb:{action}", TABLE, RECORD)]
