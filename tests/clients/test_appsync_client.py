import asyncio
import base64
import json
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Any

import pytest
from websockets.asyncio.server import ServerConnection

from streamways.clients.appsync import AppSyncClient
from streamways.clients.batches import Batch, PartOrder
from streamways.clients.client import Received, chat_request
from streamways.clients.errors import Cut, Malformed, Refused
from tests.clients.servers import FINISH, HELLO, START, WORLD, HttpExchange, http_server, read, socket_server

JSON = {"content-type": "application/json"}
STARTED = HttpExchange([b'{"data":{"startStream":{"streamId":"s"}}}'], headers=JSON)


def batch_of(first: int, parts: list[str], epoch: int = 0) -> dict[str, object]:
    """A batch as AppSync sends it."""
    place = f"place-{first + len(parts) - 1}" if first is not None and first + len(parts) else None
    return {"epoch": epoch, "firstSequence": first, "parts": parts, "cursor": place}


Publish = Callable[[Callable[..., Awaitable[None]]], Awaitable[None]]
"""What the server sends after the subscription, with a function that sends one batch: first sequence, then parts."""


class Journal:
    """The GraphQL API of the test's own: a stream's journal, and what else it is asked for."""

    def __init__(self, *parts: object, ended: bool = False, preamble: Sequence[object] = (), **answers: object) -> None:
        self.asked: list[tuple[str, dict[str, Any]]] = []
        """Fields and their variables."""
        self.parts = list(parts)
        self._ended = ended
        self._preamble = [json.dumps(part) for part in preamble]
        self._answers = answers

    def exchange(self) -> HttpExchange:
        return HttpExchange(headers=JSON, body_for=self._answer)

    def _answer(self, body: bytes) -> bytes:
        request = json.loads(body)
        field = request["query"].partition("{")[2].strip().partition("(")[0].partition(" ")[0]
        self.asked.append((field, request["variables"]))
        if field == "parts":
            after = request["variables"]["after"]
            due = 0 if after is None else int(after.removeprefix("place-")) + 1
            page = [json.dumps(part) for part in self.parts[due:]]
            value: object = {**batch_of(due, page), "preamble": self._preamble, "ended": self._ended}
        else:
            value = self._answers.get(field, {"streamId": "s"})
        return json.dumps({"data": {field: value}}).encode()


class Stack:
    """An AppSync of the test's own."""

    def __init__(self, publish: Publish, exchange: HttpExchange) -> None:
        self.exchange = exchange
        self.frames: list[dict[str, Any]] = []
        self.offered: list[str] = []
        self._publish = publish

    async def conversation(self, connection: ServerConnection) -> None:
        assert connection.request is not None
        self.offered = connection.request.headers["sec-websocket-protocol"].split(", ")
        self.frames.append(await read(connection))
        await connection.send(json.dumps({"type": "ka"}))
        await connection.send(json.dumps({"type": "connection_ack", "payload": {"connectionTimeoutMs": 300000}}))
        start = await read(connection)
        self.frames.append(start)
        await connection.send(json.dumps({"type": "start_ack", "id": start["id"]}))

        async def batch(first: int, *parts: object, epoch: int = 0, subscription: str = start["id"]) -> None:
            data = {"onParts": batch_of(first, [json.dumps(part) for part in parts], epoch)}
            await connection.send(json.dumps({"type": "data", "id": subscription, "payload": {"data": data}}))

        await self._publish(batch)
        async for frame in connection:
            self.frames.append(json.loads(frame))

    @asynccontextmanager
    async def client(self, silence_seconds: float = 5) -> AsyncGenerator[AppSyncClient]:
        async with (
            http_server(self.exchange) as origin,
            socket_server(self.conversation, subprotocol="graphql-ws") as url,
            AppSyncClient(f"{origin}/graphql", url, "a.b.c", silence_seconds=silence_seconds) as client,
        ):
            yield client


async def stream(publish: Publish, exchange: HttpExchange | None = None, silence_seconds: float = 5) -> list[Received]:
    stack = Stack(publish, exchange or HttpExchange(STARTED.pieces, headers=STARTED.headers))
    async with stack.client(silence_seconds) as client:
        return [item async for item in client.stream(chat_request("Hi"))]


async def test_parts_of_a_batch_share_their_message():
    async def publish(batch: Callable[..., Awaitable[None]]) -> None:
        await batch(0, START, HELLO)
        await batch(2, FINISH)

    received = await stream(publish)
    assert [item.part for item in received] == [START, HELLO, FINISH]
    assert [(item.sequence, item.message) for item in received] == [(0, 0), (1, 0), (2, 1)]


async def test_batches_that_come_out_of_order_or_twice_are_put_in_order():
    async def publish(batch: Callable[..., Awaitable[None]]) -> None:
        await batch(2, WORLD)
        await batch(0, START, HELLO)
        await batch(0, START, HELLO)
        await batch(1, HELLO, WORLD, FINISH)

    received = await stream(publish)
    assert [item.part for item in received] == [START, HELLO, WORLD, FINISH]
    assert [item.sequence for item in received] == [0, 1, 2, 3]


def test_a_batch_that_comes_twice_leaves_nothing_behind():
    order = PartOrder()
    batch = Batch(0, 0, [START, HELLO], "place-1")
    assert list(order.take(batch)) == [(START, None), (HELLO, "place-1")]
    assert list(order.take(batch)) == []
    assert (order.due, order.missing) == (2, "")


async def test_data_of_another_subscription_is_passed_over():
    async def publish(batch: Callable[..., Awaitable[None]]) -> None:
        await batch(0, WORLD, subscription="another")
        await batch(0, FINISH)

    assert [item.part for item in await stream(publish)] == [FINISH]


async def test_the_subscription_stands_before_the_mutation_and_is_stopped_at_the_end():
    async def publish(batch: Callable[..., Awaitable[None]]) -> None:
        await batch(0, FINISH)

    stack = Stack(publish, HttpExchange(STARTED.pieces, headers=STARTED.headers))
    request = chat_request("Hi there")
    async with stack.client() as client:
        assert [item.type async for item in client.stream(request)] == ["finish"]
    init, start, stop = stack.frames
    assert init == {"type": "connection_init"}
    assert start["type"] == "start"
    assert json.loads(start["payload"]["data"])["variables"] == {"streamId": request.stream_id}
    assert stop == {"type": "stop", "id": start["id"]}
    [(_, headers, body)] = stack.exchange.received
    host = headers["host"]
    assert headers["authorization"] == "a.b.c"
    assert start["payload"]["extensions"]["authorization"] == {"host": host, "Authorization": "a.b.c"}
    assert stack.offered[0] == "graphql-ws"
    encoded = stack.offered[1].removeprefix("header-")
    assert json.loads(base64.urlsafe_b64decode(encoded + "==")) == {"host": host, "Authorization": "a.b.c"}
    variables = json.loads(body)["variables"]
    assert variables["streamId"] == request.stream_id
    assert variables["chatId"] == request.chat_id
    assert json.loads(variables["messages"]) == list(request.messages)


async def never(_batch: Callable[..., Awaitable[None]]) -> None:
    pass


async def test_a_refused_mutation_ends_the_wait_at_once():
    errors = [{"errorType": "too_large", "message": "Too long.", "errorInfo": {"retryAfter": 4}}]
    body = json.dumps({"data": None, "errors": errors}).encode()
    with pytest.raises(Refused) as caught:
        await stream(never, HttpExchange([body], headers={"content-type": "application/json"}))
    assert (caught.value.code, caught.value.message, caught.value.retry_after) == ("too_large", "Too long.", 4)


async def test_appsyncs_own_401_is_unauthenticated():
    body = b'{"errors":[{"errorType":"UnauthorizedException","message":"Token has expired."}]}'
    with pytest.raises(Refused, match="Token has expired") as caught:
        await stream(never, HttpExchange([body], "401 Unauthorized", {"content-type": "application/json"}))
    assert (caught.value.code, caught.value.status) == ("unauthenticated", 401)


async def test_an_unhandled_error_of_the_function_is_internal():
    body = b'{"data":null,"errors":[{"errorType":"Lambda:Unhandled","message":"boom"}]}'
    with pytest.raises(Refused, match="internal: boom"):
        await stream(never, HttpExchange([body], headers={"content-type": "application/json"}))


async def test_a_missing_part_is_named_when_the_stream_falls_silent():
    async def publish(batch: Callable[..., Awaitable[None]]) -> None:
        await batch(0, START)
        await batch(2, FINISH)

    with pytest.raises(Cut, match=r"1 parts into the stream: part 1 is missing, 1 later ones have come"):
        await stream(publish, Journal().exchange(), silence_seconds=0.1)


async def test_keep_alives_do_not_count_as_progress():
    async def conversation(connection: ServerConnection) -> None:
        await read(connection)
        await connection.send(json.dumps({"type": "connection_ack"}))
        start = await read(connection)
        await connection.send(json.dumps({"type": "start_ack", "id": start["id"]}))
        while True:
            await connection.send(json.dumps({"type": "ka"}))
            await asyncio.sleep(0.01)

    async with (
        http_server(Journal().exchange()) as origin,
        socket_server(conversation, subprotocol="graphql-ws") as url,
        AppSyncClient(origin, url, "t", silence_seconds=0.3) as client,
    ):
        with pytest.raises(Cut, match=r"sent nothing of the stream for 0\.3 s"):
            async with asyncio.timeout(5):
                await anext(client.stream(chat_request("Hi")))


async def test_a_batch_without_its_fields_is_malformed():
    async def publish(batch: Callable[..., Awaitable[None]]) -> None:
        await batch(None)  # pyright: ignore[reportArgumentType]

    with pytest.raises(Malformed, match="firstSequence"):
        await stream(publish)


@pytest.mark.parametrize("kind", ["connection_error", "error"])
async def test_a_refused_connection_is_a_refusal(kind: str):
    async def conversation(connection: ServerConnection) -> None:
        await read(connection)
        errors = [{"errorType": "UnauthorizedException", "message": "Not you."}]
        await connection.send(json.dumps({"type": kind, "payload": {"errors": errors}}))

    async with socket_server(conversation, subprotocol="graphql-ws") as url:
        with pytest.raises(Refused, match="unauthenticated: Not you"):
            async with AppSyncClient("http://127.0.0.1:1/graphql", url, None):
                pass


async def test_a_refusal_counts_also_when_the_connection_is_closed_before_the_client_has_said_anything():
    async def conversation(connection: ServerConnection) -> None:
        errors = [{"errorType": "UnauthorizedException", "message": "Not you."}]
        await connection.send(json.dumps({"type": "connection_error", "payload": {"errors": errors}}))
        await connection.close(1008)

    async with socket_server(conversation, subprotocol="graphql-ws") as url:
        for _ in range(10):  # who is first is a matter of luck
            with pytest.raises(Refused, match="unauthenticated: Not you"):
                async with AppSyncClient("http://127.0.0.1:1/graphql", url, None):
                    pass


async def test_a_refused_subscription_is_a_refusal():
    async def conversation(connection: ServerConnection) -> None:
        await read(connection)
        await connection.send(json.dumps({"type": "connection_ack"}))
        start = await read(connection)
        errors = [{"errorType": "unauthenticated", "message": "An access token is needed."}]
        await connection.send(json.dumps({"type": "error", "id": start["id"], "payload": {"errors": errors}}))

    async with (
        socket_server(conversation, subprotocol="graphql-ws") as url,
        AppSyncClient("http://127.0.0.1:1/graphql", url, "t") as client,
    ):
        with pytest.raises(Refused, match="unauthenticated: An access token is needed"):
            await anext(client.stream(chat_request("Hi")))
