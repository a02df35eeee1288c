from collections.abc import Iterator

import pytest

from tests.support.aws import Table
from tests.support.bedrock import saying
from tests.support.websocket import World, websocket_world


@pytest.fixture(scope="module")
def kept_world() -> Iterator[World]:
    with websocket_world() as made:
        yield made


@pytest.fixture
def world(kept_world: World, table: Table) -> World:  # noqa: ARG001
    """The world around the functions: no streams yet, a model that says hello, services that work."""
    kept_world.forget()
    kept_world.bedrock.answer = saying("Hello", " wörld 🎈")
    return kept_world
