from collections.abc import AsyncIterator, Iterator

import httpx
import pytest

from handlers.function_url.app import app
from tests.support.aws import Table
from tests.support.bedrock import saying
from tests.support.function_url import World, function_url_world


@pytest.fixture(scope="module")
def kept_world() -> Iterator[World]:
    with function_url_world() as made:
        yield made


@pytest.fixture
def world(kept_world: World, table: Table) -> World:  # noqa: ARG001
    """The world around the function: no streams yet, a model that says hello."""
    kept_world.bedrock.received.clear()
    kept_world.bedrock.answer = saying("Hello", " wörld 🎈")
    kept_world.pool.answer, kept_world.pool.down = None, False
    return kept_world


@pytest.fixture
async def client(world: World) -> AsyncIterator[httpx.AsyncClient]:  # noqa: ARG001
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="https://url-id.lambda-url.example") as made:
        yield made
