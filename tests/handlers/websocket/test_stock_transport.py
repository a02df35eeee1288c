"""The AI SDK's `WebSocketChatTransport`, unmodified, against the functions behind a tiny API Gateway."""

import json
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from handlers.websocket import frames, ticket_store
from shared.auth.user import User
from shared.errors import Internal
from shared.streams.readers import Readers
from tests.support import bedrock
from tests.support.aws import Table
from tests.support.gateway import gateway
from tests.support.pool import token
from tests.support.server import CutConnection
from tests.support.stock import StockClient, text_of
from tests.support.websocket import OWNER, World

Stack = dict[str, object]


@pytest.fixture
def stack(world: World) -> Iterator[Stack]:
    """What a page knows: addresses, and the user's token, with which it gets a ticket for each connection."""
    with gateway(world) as addresses:
        yield {**addresses, "token": token()}


@pytest.fixture
def half_said(world: World) -> Iterator[threading.Event]:
    """The model says half of its answer, and the rest when this is set."""
    rest = threading.Event()
    ending = [bedrock.delta(", so good"), bedrock.block_stop(), *bedrock.ending()]
    world.bedrock.answer = bedrock.stream([bedrock.message_start(), bedrock.delta("So far"), rest, *ending])
    yield rest
    rest.set()


def options(stack: Stack, jwt: str = "") -> dict[str, object]:
    """The transport with its token as a subprotocol."""
    return {"url": stack["webSocketUrl"], "protocols": ["streamways.v1", f"jwt.{jwt or token()}"]}


def watch(world: World, act: Callable[[dict[str, Any]], object]) -> None:
    """Acts on each frame before it is sent."""
    post = world.connections.then
    assert post is not None

    def then(receiver: str, frame: str) -> int | None:
        act(json.loads(frame))
        return post(receiver, frame)

    world.connections.then = then


def when_read(world: World, readers: int, event: threading.Event) -> None:
    """Sets the event when so many requests have been sent the half that was said."""
    served: set[str] = set()

    def note(frame: dict[str, Any]) -> None:
        if frame.get("chunk", {}).get("delta", "").startswith("So far"):
            served.add(frame["requestId"])
            if len(served) == readers:
                event.set()

    watch(world, note)


def test_the_stock_client_shows_the_whole_answer_with_usage_and_cost(stock: StockClient, stack: Stack) -> None:
    [turn] = stock.chat("websocket", options(stack), "Hi")
    assert text_of(turn["message"]) == "Hello wörld 🎈"
    assert (turn["status"], turn["error"]) == ("ready", None)
    assert turn["finish"] == {"finishReason": "stop", "isError": False, "isAbort": False, "isDisconnect": False}
    metadata = turn["message"]["metadata"]
    assert metadata["usage"]["totalTokens"] == 18
    assert metadata["cost"]["model"] > 0
    assert turn["message"]["id"] == f"msg-{metadata['streamId']}"


def test_the_stock_client_goes_on_over_the_same_socket(stock: StockClient, stack: Stack, world: World) -> None:
    first, second = stock.chat("websocket", options(stack), "One?", "Two?")
    assert first["message"]["id"] != second["message"]["id"]
    assert [message["role"] for message in world.bedrock.requests()[1]["messages"]] == ["user", "assistant", "user"]  # type: ignore
    assert len({event["connectionId"] for event in world.lambda_service.events}) == 1


def test_the_stock_client_shows_the_text_of_an_error_and_keeps_what_came(
    stock: StockClient, stack: Stack, world: World
) -> None:
    world.bedrock.answer = bedrock.stream([bedrock.message_start(), bedrock.delta("Hal"), CutConnection()])
    [turn] = stock.chat("websocket", options(stack), "Hi")
    assert (turn["status"], turn["error"]) == ("error", "The model's answer broke off. Please try again.")
    assert text_of(turn["message"]) == "Hal"
    assert [part["data"]["code"] for part in turn["data"]] == ["model_unavailable"]


def test_a_refusal_costs_the_stock_client_neither_its_socket_nor_the_next_answer(
    stock: StockClient, stack: Stack, world: World
) -> None:
    blank, good = stock.chat("websocket", options(stack), "  ", "Hi")
    assert blank["status"] == "error"
    assert json.loads(blank["error"])["error"]["code"] == "invalid_request"
    assert blank["message"] is None
    assert text_of(good["message"]) == "Hello wörld 🎈"
    connections = {received.path for received in world.connections.received}
    assert len(connections) == 1


def test_frames_of_ours_cost_the_stock_client_nothing(stock: StockClient, stack: Stack, world: World) -> None:
    ours = [
        {"type": "keep-alive"},
        {"type": "notice", "code": "connection_ends", "at": 1},
        {"type": "error", "errorText": ""},
    ]
    post = world.connections.then
    assert post is not None

    def then(receiver: str, frame: str) -> int | None:
        for each in ours:
            post(receiver, json.dumps({"requestId": "streamways", **each}))
        return post(receiver, frame)

    world.connections.then = then
    [turn] = stock.chat("websocket", options(stack), "Hi")
    assert text_of(turn["message"]) == "Hello wörld 🎈"


def test_the_stock_client_gets_no_connection_without_a_good_token(
    stock: StockClient, stack: Stack, world: World
) -> None:
    [turn] = stock.chat("websocket", options(stack, jwt="nonsense"), "Hi")
    assert turn["status"] == "error"
    assert turn["message"] is None
    assert world.lambda_service.events == []


def test_a_ticket_opens_the_socket_of_the_stock_client_and_no_second_one(
    stock: StockClient, stack: Stack, world: World
) -> None:
    ticket, _ = ticket_store.issue(User(OWNER, "ada", (), 4_000_000_000))
    with_ticket = {"url": stack["webSocketUrl"], "params": {"ticket": ticket}}
    [turn] = stock.chat("websocket", with_ticket, "Hi")
    assert text_of(turn["message"]) == "Hello wörld 🎈"
    [again] = stock.chat("websocket", with_ticket, "Hi")
    assert again["status"] == "error"
    assert len(world.lambda_service.events) == 1


def test_the_stock_client_may_send_its_token_with_each_frame(stock: StockClient, stack: Stack) -> None:
    with_headers = {**options(stack), "headers": {"Authorization": f"Bearer {token()}"}}
    [turn] = stock.chat("websocket", with_headers, "Hi")
    assert text_of(turn["message"]) == "Hello wörld 🎈"


def test_a_page_that_comes_back_resumes(
    stock: StockClient, stack: Stack, world: World, half_said: threading.Event
) -> None:
    when_read(world, 2, half_said)
    [turn] = stock.talk(
        "websocket",
        stack,
        *({"send": "Hi"}, {"text": 6}, {"close": True}),
        *({"as": "reloaded", "resume": True}, {"as": "reloaded", "done": True}),
    )
    assert text_of(turn["message"]) == "So far, so good"
    assert (turn["status"], turn["error"]) == ("ready", None)
    assert len(world.bedrock.requests()) == 1


def test_an_answer_that_ended_just_now_can_be_resumed(stock: StockClient, stack: Stack) -> None:
    first, again = stock.talk(
        "websocket",
        stack,
        *({"send": "Hi"}, {"done": True}),
        *({"as": "other tab", "resume": True}, {"as": "other tab", "done": True}),
    )
    assert first["message"] == again["message"]


def test_there_may_be_nothing_to_resume(stock: StockClient, stack: Stack) -> None:
    [turn] = stock.talk("websocket", stack, {"resume": True}, {"done": True})
    assert (turn["message"], turn["status"], turn["error"]) == (None, "ready", None)


STOPS: dict[str, list[dict[str, object]]] = {
    "a send": [{"send": "Hi"}, {"text": 6}, {"stop": True}, {"done": True}],
    "a resume": [
        *({"send": "Hi"}, {"text": 6}, {"close": True}),
        *({"as": "reloaded", "resume": True}, {"as": "reloaded", "text": 6}),
        *({"as": "reloaded", "stop": True}, {"as": "reloaded", "done": True}),
    ],
}


@pytest.mark.parametrize("steps", STOPS.values(), ids=STOPS.keys())
def test_a_stop_ends_the_stream(
    steps: list[dict[str, object]], stock: StockClient, world: World, table: Table, half_said: threading.Event
) -> None:
    with gateway(world) as addresses:
        [turn] = stock.talk("websocket", {**addresses, "token": token()}, *steps)
        assert text_of(turn["message"]) == "So far"
    # All functions have come to their end.
    assert not half_said.is_set()
    [record] = table.items(f"stream#{OWNER}", "stream")
    assert (record["state"], record["stopReason"]) == ("ended", "cancelled")


def test_a_component_that_mounts_again_stops_nothing(
    stock: StockClient, stack: Stack, half_said: threading.Event, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`resume`, `abort`, `resume`. The model goes on when the stream has found out what the `abort` meant."""
    find_out = Readers.is_read_again

    def found_out(*asked: Any) -> bool:
        found = find_out(*asked)
        half_said.set()
        return found

    monkeypatch.setattr(Readers, "is_read_again", found_out)
    [turn] = stock.talk(
        "websocket",
        stack,
        *({"send": "Hi"}, {"text": 6}, {"close": True}),
        *({"as": "strict", "resume": True}, {"as": "strict", "text": 6}),
        *({"as": "strict", "resume": True}, {"as": "strict", "done": True}),
    )
    assert text_of(turn["message"]) == "So far, so good"
    assert turn["message"]["metadata"]["stopReason"] == "end_turn"


def test_two_resumes_at_once_are_one_reader(stock: StockClient, stack: Stack, half_said: threading.Event) -> None:
    half_said.set()
    [turn] = stock.talk(
        "websocket",
        stack,
        *({"send": "Hi"}, {"text": 6}, {"close": True}),
        *({"as": "strict", "resume": True}, {"as": "strict", "resume": True}, {"as": "strict", "done": True}),
    )
    assert text_of(turn["message"]) == "So far, so good"


def test_an_error_frame_in_the_middle_ends_its_request_and_not_the_socket(
    stock: StockClient, stack: Stack, world: World
) -> None:
    """As the reaper sends it, and then the worker that was taken for dead speaks on."""
    post = world.connections.then
    assert post is not None
    failed: list[str] = []

    def then(receiver: str, frame: str) -> int | None:
        if "text-delta" in frame and not failed:
            failed.append(json.loads(frame)["requestId"])
            post(receiver, frames.error(failed[0], Internal()))
        return post(receiver, frame)

    world.connections.then = then
    broken, good = stock.chat("websocket", options(stack), "One?", "Two?")
    assert json.loads(broken["error"])["error"]["code"] == "internal"
    assert text_of(good["message"]) == "Hello wörld 🎈"
    assert len({event["connectionId"] for event in world.lambda_service.events}) == 1
