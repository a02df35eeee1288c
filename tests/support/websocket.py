"""The WebSocket architecture's three functions, with what they talk to on real sockets, and API Gateway's events."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import pytest

from handlers.websocket import authorizer, connection, routes, worker
from tests.support.bedrock import FakeBedrock
from tests.support.pool import CLIENT_ID, ISSUER, Pool
from tests.support.services import FakeConnections, FakeLambda

CONNECTION = "L0SM9cOFvHcCIhw="
METHOD_ARN = "arn:aws:execute-api:us-east-1:123456789012:abcdef1234/live/$connect"
OWNER = "a1b2c3d4"


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


@contextmanager
def websocket_world() -> Iterator[World]:
    """The functions' environment, and handlers that were started anew in it."""
    kept = (authorizer.verifier, connection.client, routes.dispatcher, worker.worker)
    with (
        Pool() as pool,
        FakeBedrock() as bedrock,
        FakeConnections() as connections,
        FakeLambda() as lambda_service,
        pytest.MonkeyPatch.context() as patch,
    ):
        patch.setenv("TOKEN_ISSUER", ISSUER)
        patch.setenv("TOKEN_JWKS_URL", pool.jwks_url)
        patch.setenv("TOKEN_CLIENT_IDS", CLIENT_ID)
        patch.setenv("MODEL_ID", "amazon.nova-lite-v1:0")
        patch.setenv("MODEL_MAX_OUTPUT_TOKENS", "300")
        patch.setenv("CALLBACK_URL", connections.callback_url)
        patch.setenv("WORKER_FUNCTION_NAME", "the-worker")
        patch.setenv("AWS_ENDPOINT_URL_BEDROCK_RUNTIME", bedrock.url)
        patch.setattr("shared.models.bedrock.FIRST_WAIT_SECONDS", 0.0)
        patch.setenv("AWS_ENDPOINT_URL_LAMBDA", lambda_service.url)
        for cached in kept:
            cached.cache_clear()
        yield World(pool, bedrock, connections, lambda_service)
        for cached in kept:
            cached.cache_clear()


def connect_event(protocols: str | None, header: str = "Sec-WebSocket-Protocol") -> dict[str, Any]:
    """`$connect`, as the authorizer and the route get it."""
    headers = {"Host": "abcdef1234.execute-api.us-east-1.amazonaws.com", "Sec-WebSocket-Version": "13"}
    if protocols is not None:
        headers[header] = protocols
    return {
        "type": "REQUEST",
        "methodArn": METHOD_ARN,
        "headers": headers,
        "requestContext": {"routeKey": "$connect", "connectionId": CONNECTION, "requestId": "gateway-1"},
    }


def frame_event(body: str | None, *, expires_in: float = 3600.0, connection_id: str = CONNECTION) -> dict[str, Any]:
    """A frame of a client, as the route gets it: the authorizer's context is text."""
    user = {"principalId": OWNER, "sub": OWNER, "username": "ada", "groups": "pro", "integrationLatency": 7}
    context = {
        "routeKey": "$default",
        "messageId": "m",
        "eventType": "MESSAGE",
        "connectionId": connection_id,
        "requestId": "gateway-2",
        "authorizer": {**user, "expiresAt": str(int(time.time() + expires_in))},
    }
    return {"requestContext": context, "body": body, "isBase64Encoded": False}
