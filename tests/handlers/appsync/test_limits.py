"""What AppSync's function says of a user's limits: as a field, and in a refusal."""

import json

import pytest
from graphql import GraphQLObjectType, build_schema

from tests.support.appsync import SDL, ask, result
from tests.support.aws import Table
from tests.support.starts import PROMPT, admitted, said

pytestmark = pytest.mark.usefixtures("world", "table")
START = {"streamId": "s-1", "chatId": "chat-2", "messages": json.dumps([said(PROMPT, "m-1")])}


def fields_of(type_name: str) -> set[str]:
    found = build_schema(SDL).get_type(type_name)
    assert isinstance(found, GraphQLObjectType)
    return set(found.fields)


def test_a_field_tells_what_is_left() -> None:
    told = result("limits")
    requests, streams = told["quotas"]
    assert told.keys() == fields_of("Limits")
    assert requests.keys() == fields_of("Quota")
    assert (told["tier"], told["maxOutputTokens"], requests["remaining"], streams["remaining"]) == ("free", 300, 10, 1)
    answer = ask("limits", claims={"cognito:groups": ["pro", "staff"]})
    assert answer["result"]["tier"] == "pro"


def test_a_start_beside_a_running_one_is_refused_for_a_free_user(table: Table) -> None:
    admitted(chat_id="another-chat", architecture="appsync")
    before = table.items()
    error = ask("startStream", START)["error"]
    assert (error["code"], error["retryAfter"]) == ("concurrency_exceeded", 5)
    assert error["limit"] == {"name": "concurrent-streams", "tier": "free", "limit": 1, "remaining": 0}
    assert table.items() == before
