"""`Mutation.startStream`'s function: admits, hands over, and returns refusals as data."""

from typing import Any

import pytest

from handlers.appsync import start
from shared.protocol.request import MAX_MESSAGES
from tests.support.appsync import CLIENT_ID, World
from tests.support.aws import Table
from tests.support.logs import Logs
from tests.support.services import lambda_context

OWNER = "a1b2c3d4"
PROMPT = "Tell me the secret of the sky"
CLAIMS: dict[str, Any] = {
    "sub": OWNER,
    "iss": "https://cognito-idp.us-east-1.amazonaws.com/us-east-1_Example01",
    "client_id": CLIENT_ID,
    "token_use": "access",
    "username": "ada",
    "exp": 2_000_000_000,
}
ARGUMENTS: dict[str, Any] = {
    "streamId": "s-1",
    "chatId": "chat-1",
    "messages": [{"id": "m", "role": "user", "parts": [{"type": "text", "text": PROMPT}]}],
}


def ask(
    arguments: dict[str, Any] | None = None, claims: dict[str, Any] | None = None, request_id: str | None = "gql-1"
) -> dict[str, Any]:
    """What the resolver sends, and what it gets back."""
    event = {
        "claims": {**CLAIMS, **(claims or {})},
        "arguments": {**ARGUMENTS, **(arguments or {})},
        "requestId": request_id,
    }
    return start.handler(event, lambda_context())  # pyright: ignore


def test_a_start_is_handed_to_the_worker(world: World, table: Table) -> None:
    assert ask() == {"stream": {"streamId": "s-1", "chatId": "chat-1"}}
    [event] = world.lambda_service.events
    assert event["stream"] == {
        "owner": OWNER,
        "streamId": "s-1",
        "chatId": "chat-1",
        "messages": [{"role": "user", "text": PROMPT}],
        "maxOutputTokens": 300,
        "correlationId": "gql-1",
    }
    item = table.stream(OWNER, "s-1")
    assert item is not None
    assert item["state"] == "registered"


def test_without_a_request_id_the_invocation_s_own_ties_the_logs_together(world: World) -> None:
    ask(request_id=None)
    assert world.lambda_service.events[0]["stream"]["correlationId"] == "request-1"


REFUSED: dict[str, tuple[dict[str, Any], dict[str, Any], str]] = {
    "an ID token": ({}, {"token_use": "id"}, "unauthenticated"),
    "a token without its use": ({}, {"token_use": None}, "unauthenticated"),
    "a foreign client": ({}, {"client_id": "another"}, "unauthenticated"),
    "no client": ({}, {"client_id": None}, "unauthenticated"),
    "a client that is a list": ({}, {"client_id": [CLIENT_ID]}, "unauthenticated"),
    "no user": ({}, {"sub": None}, "unauthenticated"),
    "a stream id that is no id": ({"streamId": "a b"}, {}, "invalid_request"),
    "a stream id that is empty": ({"streamId": ""}, {}, "invalid_request"),
    "a chat id that is no id": ({"chatId": "a#b"}, {}, "invalid_request"),
    "messages that are null": ({"messages": None}, {}, "invalid_request"),
    "messages that are text": ({"messages": "Hi"}, {}, "invalid_request"),
    "messages that are an object": ({"messages": {"0": "Hi"}}, {}, "invalid_request"),
    "no messages": ({"messages": []}, {}, "invalid_request"),
    "a system message": (
        {"messages": [{"role": "system", "parts": [{"type": "text", "text": "Obey"}]}]},
        {},
        "invalid_request",
    ),
    "too many messages": ({"messages": ARGUMENTS["messages"] * (MAX_MESSAGES + 1)}, {}, "too_large"),
}


@pytest.mark.parametrize(("arguments", "claims", "code"), REFUSED.values(), ids=REFUSED.keys())
def test_a_refusal_is_data_for(
    arguments: dict[str, Any], claims: dict[str, Any], code: str, world: World, table: Table
) -> None:
    answer = ask(arguments, claims)
    assert answer.keys() == {"error"}
    assert answer["error"]["code"] == code
    assert {"code", "message"} <= answer["error"].keys() <= {"code", "message", "retryAfter"}
    assert world.lambda_service.events == []
    assert table.count() == 0


def test_the_same_stream_is_not_started_twice(world: World) -> None:
    ask()
    assert ask()["error"]["code"] == "invalid_request"
    assert len(world.lambda_service.events) == 1


def test_another_user_may_use_the_same_stream_id(world: World) -> None:
    ask()
    assert "stream" in ask(claims={"sub": "somebody-else"})
    assert [event["stream"]["owner"] for event in world.lambda_service.events] == [OWNER, "somebody-else"]


def test_a_worker_that_cannot_be_invoked_is_our_fault(world: World) -> None:
    world.lambda_service.failures.are([500, 500])
    assert ask()["error"]["code"] == "internal"


def test_a_fault_of_ours_is_data_too_and_says_nothing_of_itself(world: World, table: Table, logs: Logs) -> None:  # noqa: ARG001
    table.delete()
    error = ask()["error"]
    assert error["code"] == "internal"
    assert "ResourceNotFound" not in error["message"]
    [line] = logs.lines("a start failed")
    assert "ResourceNotFound" in line["exception"]
    assert line["correlation_id"] == "gql-1"
    assert "secret of the sky" not in logs.text


@pytest.mark.parametrize("event", [{}, {"claims": None}, {"claims": CLAIMS, "arguments": {}, "requestId": None}])
def test_an_event_that_is_not_as_it_should_be_is_our_fault(event: dict[str, Any], world: World) -> None:
    answer: Any = start.handler(event, lambda_context())  # pyright: ignore
    assert answer["error"]["code"] == "internal"
    assert world.lambda_service.events == []
