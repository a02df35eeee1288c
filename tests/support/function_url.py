"""The function URL's app with everything it talks to on real sockets, as the Web Adapter calls it."""

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import pytest

from handlers.function_url import app as function_url
from tests.support.bedrock import FakeBedrock
from tests.support.pool import CLIENT_ID, ISSUER, Pool

MODEL = "amazon.nova-lite-v1:0"


@dataclass
class World:
    """The pool whose tokens are taken, and the model."""

    pool: Pool
    bedrock: FakeBedrock


@contextmanager
def function_url_world() -> Iterator[World]:
    """The function's environment, and an app that was started anew in it."""
    with Pool() as pool, FakeBedrock() as bedrock, pytest.MonkeyPatch.context() as patch:
        patch.setenv("TOKEN_ISSUER", ISSUER)
        patch.setenv("TOKEN_JWKS_URL", pool.jwks_url)
        patch.setenv("TOKEN_CLIENT_IDS", CLIENT_ID)
        patch.setenv("MODEL_ID", MODEL)
        patch.setenv("MODEL_MAX_OUTPUT_TOKENS", "300")
        patch.setenv("AWS_ENDPOINT_URL_BEDROCK_RUNTIME", bedrock.url)
        function_url.core.cache_clear()
        yield World(pool, bedrock)
        function_url.core.cache_clear()


def adapter_headers(remaining_seconds: float = 60.0) -> dict[str, str]:
    """What the Web Adapter adds to each request."""
    deadline = int((time.time() + remaining_seconds) * 1000)
    return {
        "x-amzn-lambda-context": json.dumps({"request_id": "invocation-1", "deadline": deadline}),
        "x-amzn-request-context": json.dumps({"requestId": "url-request-1", "http": {"method": "POST"}}),
    }
