"""What loads a chat over the WebSocket API, against a server that also does what AWS may do."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Thread

import pytest
from websockets.sync.server import ServerConnection, serve

from tests.support.server import Answer, LocalServer
from tests.support.stock import StockClient

FIRST = {"id": "m-1", "role": "user", "parts": [{"type": "text", "text": "a"}]}
SECOND = {"id": "m-2", "role": "assistant", "parts": [{"type": "text", "text": "b"}]}
LOST = {"name": "TypeError", "message": "The network connection was lost before the chat was loaded."}


def result(read: dict[str, object], *messages: object, more: bool = False) -> str:
    frame = {"type": "result", "requestId": read["requestId"], "result": {"id": read["id"], "messages": messages}}
    return json.dumps({**frame, "more": True} if more else frame)


@contextmanager
def stack(answer: Callable[[ServerConnection, dict[str, object]], None]) -> Iterator[dict[str, object]]:
    """A WebSocket API that answers the first frame of a connection so, and closes it; and its tickets."""

    def handler(connection: ServerConnection) -> None:
        assert connection.request is not None
        assert connection.request.path == "/live?ticket=t-1"
        answer(connection, json.loads(connection.recv()))

    with (
        serve(handler, "127.0.0.1", 0) as server,
        LocalServer(lambda _: Answer(body=b'{"ticket": "t-1"}')) as tickets,
    ):
        Thread(target=server.serve_forever, daemon=True).start()
        url = f"ws://127.0.0.1:{server.socket.getsockname()[1]}/live"
        yield {"webSocketUrl": url, "webSocketTicketUrl": tickets.url, "token": "t"}


def test_frames_of_another_request_are_passed_over(stock: StockClient) -> None:
    def answer(connection: ServerConnection, read: dict[str, object]) -> None:
        assert {key: read[key] for key in ("type", "id")} == {"type": "read", "id": "chat-1"}
        connection.send(json.dumps({"type": "notice", "requestId": "streamways", "code": "connection_ends", "at": 1}))
        connection.send(result(read, FIRST, more=True))
        connection.send(json.dumps({"type": "keep-alive", "requestId": "streamways"}))
        connection.send(result(read, SECOND))

    with stack(answer) as outputs:
        assert stock.load("websocket", outputs, "chat-1") == ([FIRST, SECOND], None)


def test_pieces_of_a_message_are_one_message(stock: StockClient) -> None:
    more = {"type": "text", "text": "c", "continued": True}
    data = {"type": "data-note", "data": 1}
    pieces = [{**FIRST, "parts": [*FIRST["parts"], more]}, {**FIRST, "parts": [more, data]}, SECOND]

    def answer(connection: ServerConnection, read: dict[str, object]) -> None:
        for piece in pieces:
            connection.send(result(read, piece, more=piece is not SECOND))

    with stack(answer) as outputs:
        whole = {**FIRST, "parts": [{"type": "text", "text": "acc"}, data]}
        assert stock.load("websocket", outputs, "chat-1") == ([whole, SECOND], None)


@pytest.mark.parametrize("sent", [0, 1])
def test_a_connection_that_ends_early_is_told_as_lost(stock: StockClient, sent: int) -> None:
    def answer(connection: ServerConnection, read: dict[str, object]) -> None:
        for _ in range(sent):
            connection.send(result(read, FIRST, more=True))

    with stack(answer) as outputs:
        assert stock.load("websocket", outputs, "chat-1") == ([], LOST)


def test_nobody_waits_for_ever(stock: StockClient) -> None:
    def answer(connection: ServerConnection, read: dict[str, object]) -> None:
        connection.send(result(read, FIRST, more=True))
        assert list(connection) == [], "until the client goes"

    with stack(answer) as outputs:
        assert stock.load("websocket", outputs, "chat-1", haste=100) == ([], LOST)


@pytest.mark.parametrize(
    ("frame", "code", "message"),
    [
        ({"message": "Internal server error", "connectionId": "c", "requestId": "r"}, "internal", None),
        ({"message": "Too Many Requests", "connectionId": "c", "requestId": "r"}, "rate_limited", None),
        ({"type": "error", "errorText": '{"error": {"code": "deadline", "message": "Late."}}'}, "deadline", "Late."),
        ({"type": "error", "errorText": "no JSON"}, "internal", "HTTP 500"),
    ],
    ids=["a failed integration", "a throttle", "a refusal", "a text"],
)
def test_who_says_no_is_told_as_a_refusal(
    stock: StockClient, frame: dict[str, str], code: str, message: str | None
) -> None:
    def answer(connection: ServerConnection, read: dict[str, object]) -> None:
        connection.send(json.dumps({"requestId": read["requestId"], **frame}))

    with stack(answer) as outputs:
        told = {"name": "Refusal", "message": message or frame["message"], "code": code}
        assert stock.load("websocket", outputs, "chat-1") == ([], told)
