"""The AppSync architecture's functions, with what they talk to on real sockets."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from handlers.appsync import api, fields, publish, reaper, worker
from tests.support.bedrock import FakeBedrock
from tests.support.claims import changed
from tests.support.services import FakeAppSync, FakeLambda, lambda_context
from tests.support.starts import OWNER

CLIENT_ID = "4u3client"
APPSYNC = Path(fields.__file__).parent
SDL = """
scalar AWSJSON
scalar AWSDateTime
directive @aws_iam on OBJECT | FIELD_DEFINITION
directive @aws_cognito_user_pools on OBJECT | FIELD_DEFINITION
directive @aws_subscribe(mutations: [String!]!) on FIELD_DEFINITION
""" + (APPSYNC / "schema.graphql").read_text(encoding="utf-8")
"""The program's schema, with what AppSync adds to every one."""


@dataclass
class World:
    """Everything around the functions."""

    bedrock: FakeBedrock
    appsync: FakeAppSync
    lambda_service: FakeLambda

    def forget(self) -> None:
        """As new."""
        self.bedrock.received.clear()
        self.appsync.forget()
        self.lambda_service.received.clear()
        self.lambda_service.failures.are([])
        self.lambda_service.then = None


@contextmanager
def appsync_world() -> Iterator[World]:
    """The functions' environment, and handlers that were started anew in it."""
    kept = (
        fields.admission,
        fields.dispatcher,
        fields.repository,
        fields.journal,
        fields.chat_store,
        fields.members,
        fields.limits,
        worker.worker,
        reaper.reaper,
        publish._http,
        publish._session,
    )
    with (
        FakeBedrock() as bedrock,
        FakeAppSync() as appsync,
        FakeLambda() as lambda_service,
        pytest.MonkeyPatch.context() as patch,
    ):
        patch.setenv("ARCHITECTURE", "appsync")
        patch.setenv("TOKEN_CLIENT_IDS", f"another-of-ours,{CLIENT_ID}")
        patch.setenv("MODEL_ID", "amazon.nova-lite-v1:0")
        patch.setenv("MODEL_MAX_OUTPUT_TOKENS", "300")
        patch.setenv("MIN_INTERVAL_MILLISECONDS", "50")
        patch.setenv("GRAPHQL_URL", appsync.graphql_url)
        patch.setenv("WORKER_FUNCTION_ARN", "the-worker")
        patch.setenv("AWS_ENDPOINT_URL_BEDROCK_RUNTIME", bedrock.url)
        patch.setattr("shared.models.bedrock.FIRST_WAIT_SECONDS", 0.0)
        patch.setenv("AWS_ENDPOINT_URL_LAMBDA", lambda_service.url)
        for cached in kept:
            cached.cache_clear()
        yield World(bedrock, appsync, lambda_service)
        for cached in kept:
            cached.cache_clear()


def ask(
    field: str,
    arguments: dict[str, Any] | None = None,
    *,
    user: str = OWNER,
    claims: dict[str, Any] | None = None,
    request_id: str | None = "gql-1",
) -> Any:
    """What the function answers to a user's access token, as `{"result"}` or `{"error"}`."""
    token: dict[str, Any] = {
        "sub": user,
        "iss": "https://cognito-idp.us-east-1.amazonaws.com/us-east-1_Example01",
        "client_id": CLIENT_ID,
        "token_use": "access",
        "username": "ada.l",
        "exp": int(time.time()) + 3600,
    }
    event = {
        "field": field,
        "claims": changed(token, claims or {}),
        "arguments": arguments or {},
        "requestId": request_id,
    }
    return api.handler(event, lambda_context())  # pyright: ignore


def result(field: str, arguments: dict[str, Any] | None = None, *, user: str = OWNER) -> Any:
    """What a field resolves to."""
    answer = ask(field, arguments, user=user)
    assert answer.keys() == {"result"}, answer
    return answer["result"]


def refusal(field: str, arguments: dict[str, Any] | None = None, *, user: str = OWNER) -> str:
    """The code that a field is refused with."""
    error = ask(field, arguments, user=user)["error"]
    assert {"code", "message"} <= error.keys() <= {"code", "message", "retryAfter", "limit"}
    return error["code"]
