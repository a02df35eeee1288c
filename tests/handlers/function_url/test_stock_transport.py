"""The AI SDK's `DefaultChatTransport`, unmodified, against the app on uvicorn."""

import json
import threading
from collections.abc import Iterator
from typing import Any

import pytest
import uvicorn
from starlette.types import ASGIApp, Receive, Scope, Send

from handlers.function_url.app import app
from tests.support import bedrock
from tests.support.function_url import World, adapter_headers
from tests.support.pool import token
from tests.support.server import CutConnection
from tests.support.stock import StockClient, text_of


class WebAdapter:
    """Adds what the Lambda Web Adapter adds."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            added = [(name.encode(), value.encode()) for name, value in adapter_headers().items()]
            scope = {**scope, "headers": [*scope["headers"], *added]}
        await self._app(scope, receive, send)


class Server(uvicorn.Server):
    """Says when it listens."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.listens = threading.Event()

    async def startup(self, sockets: Any = None) -> None:
        await super().startup(sockets)
        self.listens.set()


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    """Where the function listens."""
    server = Server(uvicorn.Config(WebAdapter(app), port=0, log_level="error", lifespan="off", ws="none"))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    assert server.listens.wait(20)
    port = server.servers[0].sockets[0].getsockname()[1]
    yield f"http://127.0.0.1:{port}/api/chat"
    server.should_exit = True
    thread.join(20)


def options(url: str, jwt: str = "") -> dict[str, object]:
    return {"api": url, "headers": {"authorization": f"Bearer {jwt or token()}"}}


def test_the_stock_client_shows_the_whole_answer_with_usage_and_cost(
    stock: StockClient, url: str, world: World
) -> None:
    [turn] = stock.chat("http", options(url), "Hi")
    assert len(world.bedrock.received) == 1
    assert text_of(turn["message"]) == "Hello wörld 🎈"
    assert (turn["status"], turn["error"]) == ("ready", None)
    assert turn["finish"] == {"finishReason": "stop", "isError": False, "isAbort": False, "isDisconnect": False}
    metadata = turn["message"]["metadata"]
    assert metadata["usage"]["totalTokens"] == 18
    assert metadata["cost"]["model"] > 0
    assert metadata["stopReason"] == "end_turn"
    assert turn["message"]["id"] == f"msg-{metadata['streamId']}"


def test_the_stock_client_goes_on_with_its_own_history(stock: StockClient, url: str, world: World) -> None:
    first, second = stock.chat("http", options(url), "One?", "Two?")
    assert first["message"]["id"] != second["message"]["id"]
    assert [message["role"] for message in world.bedrock.requests()[1]["messages"]] == ["user", "assistant", "user"]  # type: ignore


def test_the_stock_client_shows_the_text_of_an_error_and_keeps_what_came(
    stock: StockClient, url: str, world: World
) -> None:
    world.bedrock.answer = bedrock.stream([bedrock.message_start(), bedrock.delta("Hal"), CutConnection()])
    [turn] = stock.chat("http", options(url), "Hi")
    assert turn["status"] == "error"
    assert turn["error"] == "The model's answer broke off. Please try again."
    assert text_of(turn["message"]) == "Hal"
    assert [part["data"]["code"] for part in turn["data"]] == ["model_unavailable"]


def test_the_stock_client_has_the_json_of_a_refusal_as_its_error(stock: StockClient, url: str, world: World) -> None:
    [turn] = stock.chat("http", options(url, jwt="nonsense"), "Hi")
    assert turn["status"] == "error"
    assert json.loads(turn["error"])["error"]["code"] == "unauthenticated"
    assert turn["message"] is None
    assert world.bedrock.received == []
