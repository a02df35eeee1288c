"""The AppSync architecture's two functions, with what they talk to on real sockets."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import pytest

from handlers.appsync import publish, start, worker
from tests.support.bedrock import FakeBedrock
from tests.support.services import FakeAppSync, FakeLambda

CLIENT_ID = "4u3client"


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
    kept = (start.dispatcher, worker.worker, publish._http, publish._session)
    with (
        FakeBedrock() as bedrock,
        FakeAppSync() as appsync,
        FakeLambda() as lambda_service,
        pytest.MonkeyPatch.context() as patch,
    ):
        patch.setenv("TOKEN_CLIENT_IDS", f"another-of-ours,{CLIENT_ID}")
        patch.setenv("MODEL_ID", "amazon.nova-lite-v1:0")
        patch.setenv("MODEL_MAX_OUTPUT_TOKENS", "300")
        patch.setenv("GRAPHQL_URL", appsync.graphql_url)
        patch.setenv("WORKER_FUNCTION_NAME", "the-worker")
        patch.setenv("AWS_ENDPOINT_URL_BEDROCK_RUNTIME", bedrock.url)
        patch.setattr("shared.models.bedrock.FIRST_WAIT_SECONDS", 0.0)
        patch.setenv("AWS_ENDPOINT_URL_LAMBDA", lambda_service.url)
        for cached in kept:
            cached.cache_clear()
        yield World(bedrock, appsync, lambda_service)
        for cached in kept:
            cached.cache_clear()
