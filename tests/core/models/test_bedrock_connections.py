"""The connections to the model: kept between calls, unless they may be dead."""

import time
from collections.abc import Iterator
from types import SimpleNamespace

import pytest

from shared.models import cancellable
from shared.models.bedrock import BedrockModel, BedrockStream
from shared.protocol.request import Message
from tests.support import bedrock
from tests.support.bedrock import FakeBedrock


@pytest.fixture
def server() -> Iterator[FakeBedrock]:
    with FakeBedrock() as running, pytest.MonkeyPatch.context() as patch:
        patch.setenv("AWS_ENDPOINT_URL_BEDROCK_RUNTIME", running.url)
        yield running


@pytest.fixture
def model(server: FakeBedrock) -> BedrockModel:  # noqa: ARG001
    return BedrockModel("amazon.nova-lite-v1:0")


def ask(model: BedrockModel) -> BedrockStream:
    return model.stream([Message("user", "Why?")], 500, deadline=time.monotonic() + 60)


def test_a_connection_is_used_again_after_a_whole_answer(model: BedrockModel, server: FakeBedrock) -> None:
    server.answer = bedrock.saying("One")
    for _ in range(3):
        list(ask(model))
    assert len({received.client_port for received in server.received}) == 1


def test_a_connection_that_was_idle_for_long_may_be_dead_and_is_not_used_again(
    model: BedrockModel, server: FakeBedrock, monkeypatch: pytest.MonkeyPatch
) -> None:
    server.answer = bedrock.saying("One")
    list(ask(model))
    thawed = time.time() + cancellable.MAX_IDLE_SECONDS
    monkeypatch.setattr(cancellable, "time", SimpleNamespace(time=lambda: thawed))
    list(ask(model))
    list(ask(model))
    frozen, fresh, again = (received.client_port for received in server.received)
    assert frozen != fresh == again
