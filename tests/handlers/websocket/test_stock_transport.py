"""The AI SDK's `WebSocketChatTransport`, unmodified, against the three functions behind a tiny API Gateway."""

import json
from collections.abc import Iterator

import pytest

from tests.support import bedrock
from tests.support.gateway import gateway
from tests.support.pool import token
from tests.support.server import CutConnection
from tests.support.stock import StockClient, text_of
from tests.support.websocket import World


@pytest.fixture
def url(world: World) -> Iterator[str]:
    """Where the WebSocket API listens."""
    with gateway(world) as address:
        yield address


def options(url: str, jwt: str = "") -> dict[str, object]:
    return {"url": url, "protocols": ["streamways.v1", f"jwt.{jwt or token()}"]}


def test_the_stock_client_shows_the_whole_answer_with_usage_and_cost(stock: StockClient, url: str) -> None:
    [turn] = stock.chat("websocket", options(url), "Hi")
    assert text_of(turn["message"]) == "Hello wörld 🎈"
    assert (turn["status"], turn["error"]) == ("ready", None)
    assert turn["finish"] == {"finishReason": "stop", "isError": False, "isAbort": False, "isDisconnect": False}
    metadata = turn["message"]["metadata"]
    assert metadata["usage"]["totalTokens"] == 18
    assert metadata["cost"]["model"] > 0
    assert turn["message"]["id"] == f"msg-{metadata['streamId']}"


def test_the_stock_client_goes_on_over_the_same_socket(stock: StockClient, url: str, world: World) -> None:
    first, second = stock.chat("websocket", options(url), "One?", "Two?")
    assert first["message"]["id"] != second["message"]["id"]
    assert [message["role"] for message in world.bedrock.requests()[1]["messages"]] == ["user", "assistant", "user"]  # type: ignore
    assert len({event["connectionId"] for event in world.lambda_service.events}) == 1


def test_the_stock_client_shows_the_text_of_an_error_and_keeps_what_came(
    stock: StockClient, url: str, world: World
) -> None:
    world.bedrock.answer = bedrock.stream([bedrock.message_start(), bedrock.delta("Hal"), CutConnection()])
    [turn] = stock.chat("websocket", options(url), "Hi")
    assert (turn["status"], turn["error"]) == ("error", "The model's answer broke off. Please try again.")
    assert text_of(turn["message"]) == "Hal"
    assert [part["data"]["code"] for part in turn["data"]] == ["model_unavailable"]


def test_a_refusal_costs_the_stock_client_neither_its_socket_nor_the_next_answer(
    stock: StockClient, url: str, world: World
) -> None:
    blank, good = stock.chat("websocket", options(url), "  ", "Hi")
    assert blank["status"] == "error"
    assert json.loads(blank["error"])["error"]["code"] == "invalid_request"
    assert blank["message"] is None
    assert text_of(good["message"]) == "Hello wörld 🎈"
    connections = {received.path for received in world.connections.received}
    assert len(connections) == 1


def test_the_stock_client_gets_no_connection_without_a_good_token(stock: StockClient, url: str, world: World) -> None:
    [turn] = stock.chat("websocket", options(url, jwt="nonsense"), "Hi")
    assert turn["status"] == "error"
    assert turn["message"] is None
    assert world.lambda_service.events == []
