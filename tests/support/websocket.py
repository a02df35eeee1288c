"""The WebSocket architecture's functions, with what they talk to on real sockets, and API Gateway's events."""

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import pytest

from handlers.websocket import (
    authorizer,
    connection,
    environment,
    reaper,
    routes,
    session,
    store,
    tickets,
    worker,
)
from tests.support.bedrock import FakeBedrock
from tests.support.pool import CLIENT_ID, ISSUER, Pool
from tests.support.services import FakeConnections, FakeLambda, lambda_context

CONNECTION = "L0SM9cOFvHcCIhw="
METHOD_ARN = "arn:aws:execute-api:us-east-1:123456789012:abcdef1234/live/$connect"
OWNER = "a1b2c3d4"
PROMPT = "Tell me the secret of the sky"


KEPT = (
    authorizer.verifier,
    tickets.verifier,
    connection.client,
    store.table,
    session.sessions,
    environment.admission,
    environment.dispatcher,
    environment.repository,
    environment.chats,
    environment.members,
    environment.limits,
    worker.worker,
    worker.follower,
    reaper.reaper,
)
"""What the functions keep between events."""


@dataclass
class World:
    """Everything around the functions."""

    pool: Pool
    bedrock: FakeBedrock
    connections: FakeConnections
    lambda_service: FakeLambda

    def forget(self) -> None:
        """As new."""
        self.bedrock.received.clear()
        self.connections.forget()
        self.lambda_service.received.clear()
        self.lambda_service.failures.are([])
        self.lambda_service.then = None
        session.sessions.cache_clear()


@contextmanager
def websocket_world() -> Iterator[World]:
    """The functions' environment, and handlers that were started anew in it."""
    with (
        Pool() as pool,
        FakeBedrock() as bedrock,
        FakeConnections() as connections,
        FakeLambda() as lambda_service,
        pytest.MonkeyPatch.context() as patch,
    ):
        patch.setenv("ARCHITECTURE", "websocket")
        patch.setenv("TOKEN_ISSUER", ISSUER)
        patch.setenv("TOKEN_JWKS_URL", pool.jwks_url)
        patch.setenv("TOKEN_CLIENT_IDS", CLIENT_ID)
        patch.setenv("ALLOWED_ORIGINS", "https://chat.example,http://localhost:5173")
        patch.setenv("MODEL_ID", "amazon.nova-lite-v1:0")
        patch.setenv("MODEL_MAX_OUTPUT_TOKENS", "300")
        patch.setenv("MIN_INTERVAL_MILLISECONDS", "50")
        patch.setenv("CALLBACK_URL", connections.callback_url)
        patch.setenv("WORKER_FUNCTION_ARN", "the-worker")
        patch.setenv("AWS_ENDPOINT_URL_BEDROCK_RUNTIME", bedrock.url)
        patch.setattr("shared.models.bedrock.FIRST_WAIT_SECONDS", 0.0)
        patch.setenv("AWS_ENDPOINT_URL_LAMBDA", lambda_service.url)
        for cached in KEPT:
            cached.cache_clear()
        yield World(pool, bedrock, connections, lambda_service)
        for cached in KEPT:
            cached.cache_clear()


def connect_event(
    protocols: str | None,
    header: str = "Sec-WebSocket-Protocol",
    query: dict[str, list[str]] | None = None,
    more: dict[str, list[str]] | None = None,
) -> dict[str, Any]:
    """`$connect`, as the authorizer and the route get it; `more` headers have any number of values each."""
    headers = {"Host": "abcdef1234.execute-api.us-east-1.amazonaws.com", "Sec-WebSocket-Version": "13"}
    if protocols is not None:
        headers[header] = protocols
    parameters, more = query or {}, more or {}
    return {
        "type": "REQUEST",
        "methodArn": METHOD_ARN,
        "headers": headers | {name: values[-1] for name, values in more.items()},
        "multiValueHeaders": {name: [value] for name, value in headers.items()} | more,
        "queryStringParameters": {name: values[-1] for name, values in parameters.items()},
        "multiValueQueryStringParameters": parameters,
        "requestContext": {"routeKey": "$connect", "connectionId": CONNECTION, "requestId": "gateway-1"},
    }


def frame_event(
    body: str | None,
    *,
    expires_in: float = 3600.0,
    connected_for: float = 5.0,
    connection_id: str = CONNECTION,
    sub: str = OWNER,
) -> dict[str, Any]:
    """A frame of a client, as the route gets it: the authorizer's context is text."""
    user = {"principalId": sub, "sub": sub, "username": "ada", "groups": "pro", "tier": "pro", "integrationLatency": 7}
    context = {
        "routeKey": "$default",
        "messageId": "m",
        "eventType": "MESSAGE",
        "connectionId": connection_id,
        "connectedAt": int((time.time() - connected_for) * 1000),
        "requestId": "gateway-2",
        "authorizer": {**user, "expiresAt": str(int(time.time() + expires_in))},
    }
    return {"requestContext": context, "body": body, "isBase64Encoded": False}


def route(event: dict[str, Any], seconds: float = 60.0) -> dict[str, Any]:
    """One event, given to the function behind the routes."""
    return routes.handler(event, lambda_context(seconds))  # pyright: ignore


def receive(body: object, **changes: Any) -> None:
    """One frame; whatever it is, the route says that all is well, or API Gateway would answer for it."""
    text = body if isinstance(body, str) or body is None else json.dumps(body)
    assert route(frame_event(text, **changes)) == {"statusCode": 200}


def ask(request_id: str = "r-1", prompt: str = PROMPT, chat: str = "chat-1") -> dict[str, Any]:
    """A `send` of the stock client."""
    return {
        "type": "send",
        "requestId": request_id,
        "id": chat,
        "trigger": "submit-message",
        "messages": [{"id": f"m-{request_id}", "role": "user", "parts": [{"type": "text", "text": prompt}]}],
        "headers": {},
        "body": {},
    }


def error_of(frame: dict[str, Any], request_id: str = "r-1") -> dict[str, Any]:
    """What a frame that must be an error of this request says."""
    assert (frame["type"], frame["requestId"]) == ("error", request_id)
    return json.loads(frame["errorText"])["error"]
