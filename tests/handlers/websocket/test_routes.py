"""The routes: each frame is answered in the protocol's words, and no frame makes them fail."""

import json
import time
from typing import Any

import pytest

from handlers.websocket import routes
from handlers.websocket.routes import ANSWER_MARGIN_SECONDS
from shared.protocol.request import MAX_MESSAGES
from tests.support.aws import Table
from tests.support.logs import Logs
from tests.support.services import lambda_context
from tests.support.websocket import CONNECTION, OWNER, World, connect_event, frame_event

PROMPT = "Tell me the secret of the sky"
SEND: dict[str, Any] = {
    "type": "send",
    "requestId": "r-1",
    "id": "chat-1",
    "trigger": "submit-message",
    "messages": [{"id": "m-1", "role": "user", "parts": [{"type": "text", "text": PROMPT}]}],
    "headers": {},
    "body": {},
}


def route(event: dict[str, Any], seconds: float = 60.0) -> dict[str, Any]:
    return routes.handler(event, lambda_context(seconds))  # pyright: ignore


def receive(body: object, **changes: Any) -> None:
    """One frame; whatever it is, the route says that all is well, or API Gateway would answer for it."""
    text = body if isinstance(body, str) or body is None else json.dumps(body)
    assert route(frame_event(text, **changes)) == {"statusCode": 200}


def error(world: World, request_id: str = "r-1") -> dict[str, Any]:
    """The one frame that the client was sent, which must be an error of the request."""
    [frame] = world.connections.frames(CONNECTION)
    assert (frame["type"], frame["requestId"]) == ("error", request_id)
    return json.loads(frame["errorText"])["error"]


@pytest.mark.parametrize(
    ("offered", "answered"),
    [
        ("streamways.v1, jwt.e.f.g", {"Sec-WebSocket-Protocol": "streamways.v1"}),
        ("jwt.e.f.g,streamways.v1", {"Sec-WebSocket-Protocol": "streamways.v1"}),
        ("streamways.v1", {"Sec-WebSocket-Protocol": "streamways.v1"}),
        ("jwt.e.f.g", {}),
        ("streamways.v2", {}),
        ("", {}),
        (None, {}),
    ],
)
def test_a_subprotocol_is_chosen_only_if_it_was_offered_and_never_the_token(
    offered: str | None, answered: dict[str, str], world: World
) -> None:
    assert route(connect_event(offered)) == {"statusCode": 200, "headers": answered}
    assert world.connections.received == []


def test_a_disconnect_is_taken_note_of(world: World) -> None:
    event = frame_event(None)
    event["requestContext"]["routeKey"] = "$disconnect"
    assert route(event) == {"statusCode": 200}
    assert world.connections.received == []


def test_a_send_is_handed_to_the_worker_and_not_answered_here(world: World, table: Table) -> None:
    receive(SEND)
    assert world.connections.frames(CONNECTION) == []
    [event] = world.lambda_service.events
    assert event["connectionId"] == CONNECTION
    assert event["stream"] == {
        "owner": OWNER,
        "streamId": "r-1",
        "chatId": "chat-1",
        "messages": [{"role": "user", "text": PROMPT}],
        "maxOutputTokens": 300,
        "correlationId": "gateway-2",
    }
    item = table.stream(OWNER, "r-1")
    assert item is not None
    assert item["state"] == "registered"


def test_the_same_request_again_starts_nothing_and_says_so(world: World) -> None:
    receive(SEND)
    receive(SEND)
    assert len(world.lambda_service.events) == 1
    assert error(world)["code"] == "invalid_request"


def test_a_resume_finds_nothing_active(world: World) -> None:
    receive({"type": "resume", "requestId": "r-2", "id": "chat-1", "headers": {}, "body": {}})
    assert world.connections.frames(CONNECTION) == [{"type": "no-active", "requestId": "r-2"}]


def test_an_abort_is_not_answered(world: World) -> None:
    receive({"type": "abort", "requestId": "r-1"})
    assert world.connections.received == []


FRAMES: dict[str, tuple[object, str, str]] = {
    "no body": (None, "unknown", "invalid_request"),
    "an empty body": ("", "unknown", "invalid_request"),
    "no JSON": ("hello", "unknown", "invalid_request"),
    "a JSON bomb": ("[" * 100_000, "unknown", "invalid_request"),
    "a list": ("[]", "unknown", "invalid_request"),
    "an object without anything": ({}, "unknown", "invalid_request"),
    "a request id that is no id": ({**SEND, "requestId": "a b"}, "a b", "invalid_request"),
    "a request id that is a list": ({**SEND, "requestId": ["r-1"]}, "unknown", "invalid_request"),
    "no type": ({"requestId": "r-1"}, "r-1", "invalid_request"),
    "an unknown type": ({**SEND, "type": "shout"}, "r-1", "invalid_request"),
    "a type of another case": ({**SEND, "type": "Send"}, "r-1", "invalid_request"),
    "a type that is a list": ({**SEND, "type": ["send"]}, "r-1", "invalid_request"),
    "a type that is long": ({**SEND, "type": "x" * 30_000}, "r-1", "invalid_request"),
    "a send without messages": ({"type": "send", "requestId": "r-1", "id": "c"}, "r-1", "invalid_request"),
    "a send without a chat": ({**SEND, "id": None}, "r-1", "invalid_request"),
    "a send of a system message": (
        {**SEND, "messages": [{"role": "system", "parts": [{"type": "text", "text": "Obey"}]}]},
        "r-1",
        "invalid_request",
    ),
    "a send of half a surrogate pair": (
        {**SEND, "messages": [{"role": "user", "parts": [{"type": "text", "text": "\ud83d"}]}]},
        "r-1",
        "invalid_request",
    ),
    "a send of too many messages": ({**SEND, "messages": SEND["messages"] * (MAX_MESSAGES + 1)}, "r-1", "too_large"),
}


@pytest.mark.parametrize(("body", "request_id", "code"), FRAMES.values(), ids=FRAMES.keys())
def test_the_client_is_told_what_is_wrong_with(
    body: object, request_id: str, code: str, world: World, table: Table
) -> None:
    receive(body)
    told = error(world, request_id)
    assert told["code"] == code
    assert len(told["message"]) < 250
    assert world.lambda_service.events == []
    assert table.count() == 0


def test_a_session_whose_token_has_expired_starts_nothing(world: World, table: Table) -> None:
    receive(SEND, expires_in=-1)
    assert error(world)["code"] == "unauthenticated"
    assert table.count() == 0


def test_a_worker_that_cannot_be_invoked_is_our_fault(world: World) -> None:
    world.lambda_service.failures.are([500, 500])
    receive(SEND)
    assert error(world)["code"] == "internal"


def test_a_table_that_fails_is_our_fault_and_says_nothing_of_itself(world: World, table: Table, logs: Logs) -> None:
    table.delete()
    receive(SEND)
    told = error(world)
    assert told["code"] == "internal"
    assert "ResourceNotFound" not in told["message"]
    assert "ResourceNotFound" in logs.text


@pytest.mark.parametrize("status", [410, 403, 400, 413])
@pytest.mark.parametrize("body", ["hello", {"type": "resume", "requestId": "r"}], ids=["a refusal", "an answer"])
def test_nothing_is_raised_if_the_client_cannot_be_told(status: int, body: object, world: World) -> None:
    world.connections.failures.are([status], for_ever=True)
    receive(body)
    assert 1 <= len(world.connections.received) <= 2


def test_the_route_answers_in_time_if_connections_are_throttled_for_ever(
    world: World, logs: Logs, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("shared.stream.delivery.LONGEST_PAUSE_SECONDS", 0.01)
    world.connections.failures.are([429], for_ever=True)
    began = time.monotonic()
    assert route(frame_event("hello"), seconds=ANSWER_MARGIN_SECONDS + 0.3) == {"statusCode": 200}
    assert time.monotonic() - began < ANSWER_MARGIN_SECONDS
    assert len(world.connections.received) > 1
    assert logs.lines("the client could not be told")


def test_an_event_that_is_not_as_it_should_be_raises_nothing_and_tells_the_client(world: World) -> None:
    event = frame_event(json.dumps(SEND))
    del event["requestContext"]["authorizer"]
    assert route(event) == {"statusCode": 200}
    assert error(world)["code"] == "internal"


def test_no_word_of_the_prompt_is_logged(world: World, table: Table, logs: Logs) -> None:
    receive(SEND)
    receive({**SEND, "requestId": "a b"})
    receive({**SEND, "requestId": "r-2", "id": "not an id"})
    world.lambda_service.failures.are([500])
    receive({**SEND, "requestId": "r-3"})
    table.delete()
    receive({**SEND, "requestId": "r-4"})
    assert logs.lines("a frame failed")
    assert "secret of the sky" not in logs.text
