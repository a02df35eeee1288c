"""AppSync: subscribe with a stream id of the client's own, then start the stream; parts come in numbered batches.

Follows https://docs.aws.amazon.com/appsync/latest/devguide/real-time-websocket-client.html
"""

import asyncio
import base64
import json
import time
import uuid
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from types import TracebackType
from typing import Self

import httpx
from websockets.asyncio.client import ClientConnection

from sandbox.clients import refusals
from sandbox.clients.addresses import host_with_port, is_loopback
from sandbox.clients.batches import PartOrder
from sandbox.clients.client import (
    OPEN_SECONDS,
    SILENCE_SECONDS,
    TERMINAL_PARTS,
    Architecture,
    ChatRequest,
    Cut,
    Received,
    Unreachable,
)
from sandbox.clients.wire import child, json_object, open_socket, receive, send

SUBPROTOCOL = "graphql-ws"
MUTATION = """mutation Start($streamId: ID!, $chatId: ID!, $messages: AWSJSON!, $trigger: String, $messageId: ID) {
  startStream(streamId: $streamId, chatId: $chatId, messages: $messages, trigger: $trigger, messageId: $messageId) {
    streamId
  }
}"""
SUBSCRIPTION = """subscription Parts($streamId: ID) {
  onParts(streamId: $streamId) { streamId firstSequence parts }
}"""

_SOURCE = "AppSync"


class AppSyncClient:
    """Speaks with an AppSync GraphQL API: one real-time connection, opened on entering, and HTTP for the mutation."""

    architecture: Architecture = "appsync"

    def __init__(
        self, graphql_url: str, realtime_url: str, token: str | None, *, silence_seconds: float = SILENCE_SECONDS
    ) -> None:
        self._graphql_url = graphql_url
        self._realtime_url = realtime_url
        self._silence_seconds = silence_seconds
        self._authorization = {"host": host_with_port(graphql_url)} | ({"Authorization": token} if token else {})
        self._http = httpx.AsyncClient(
            headers={"authorization": token} if token else {},
            timeout=OPEN_SECONDS,
            trust_env=not is_loopback(graphql_url),
        )
        self._socket: ClientConnection | None = None

    async def __aenter__(self) -> Self:
        header = base64.urlsafe_b64encode(json.dumps(self._authorization).encode()).decode().rstrip("=")
        self._socket = await open_socket(
            self._realtime_url, [SUBPROTOCOL, f"header-{header}"], SUBPROTOCOL, f"{_SOURCE}'s real-time address"
        )
        try:
            await send(self._socket, json.dumps({"type": "connection_init"}))
            await self._acknowledged(self._socket, "connection_ack")
        except BaseException:
            await self._socket.close()
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._socket is not None:
            await self._socket.close()
        await self._http.aclose()

    async def stream(self, request: ChatRequest) -> AsyncGenerator[Received]:
        """See `Client.stream`. Time and messages count from the subscription on: it is part of each request."""
        socket = self._socket
        if socket is None:
            raise RuntimeError("open the client first: async with client")
        started = time.perf_counter()
        order = PartOrder()
        message = 0
        async with self._subscription(socket, request.stream_id) as subscription_id:
            mutation = asyncio.create_task(self._start_stream(request))
            try:
                while True:
                    data = await self._next_data(socket, subscription_id, mutation)
                    at_ms = (time.perf_counter() - started) * 1000
                    for sequence, part in order.take(child(data, "onParts")):
                        yield Received(sequence, part, at_ms, message)
                        if part.get("type") in TERMINAL_PARTS:
                            await mutation
                            return
                    message += 1
            except Cut as cut:
                raise Cut(f"{cut}, {order.due} parts into the stream{order.missing}") from cut
            finally:
                mutation.cancel()
                await asyncio.gather(mutation, return_exceptions=True)

    @asynccontextmanager
    async def _subscription(self, socket: ClientConnection, stream_id: str) -> AsyncGenerator[str]:
        subscription_id = uuid.uuid4().hex
        query = json.dumps({"query": SUBSCRIPTION, "variables": {"streamId": stream_id}})
        payload = {"data": query, "extensions": {"authorization": self._authorization}}
        await send(socket, json.dumps({"id": subscription_id, "type": "start", "payload": payload}))
        await self._acknowledged(socket, "start_ack", subscription_id)
        try:
            yield subscription_id
        finally:
            await send(socket, json.dumps({"id": subscription_id, "type": "stop"}))

    async def _acknowledged(self, socket: ClientConnection, expected: str, message_id: str | None = None) -> None:
        while True:
            frame = await receive(socket, OPEN_SECONDS, _SOURCE)
            if frame.get("type") == expected and frame.get("id") == message_id:
                return
            _raise_errors(frame, message_id)

    async def _next_data(
        self, socket: ClientConnection, subscription_id: str, mutation: asyncio.Task[None]
    ) -> Mapping[str, object]:
        """The next data of the subscription. A refused mutation ends the wait at once."""
        began = time.monotonic()
        while True:
            waited = time.monotonic() - began
            receiving = asyncio.create_task(receive(socket, self._silence_seconds, _SOURCE, waited_seconds=waited))
            try:
                await asyncio.wait(
                    {receiving} if mutation.done() else {receiving, mutation}, return_when="FIRST_COMPLETED"
                )
                if mutation.done():
                    mutation.result()
                frame = await receiving
            finally:
                receiving.cancel()
                await asyncio.gather(receiving, return_exceptions=True)
            _raise_errors(frame, subscription_id)
            if frame.get("type") == "data" and frame.get("id") == subscription_id:
                payload = child(frame, "payload")
                if payload.get("errors"):
                    raise refusals.from_graphql(payload["errors"])
                return child(payload, "data")

    async def _start_stream(self, request: ChatRequest) -> None:
        variables = {
            "streamId": request.stream_id,
            "chatId": request.chat_id,
            "messages": json.dumps(request.messages),
            "trigger": request.trigger,
            "messageId": request.message_id,
        }
        try:
            response = await self._http.post(self._graphql_url, json={"query": MUTATION, "variables": variables})
        except (httpx.ConnectError, httpx.ConnectTimeout) as error:
            raise Unreachable(f"nothing answers at {self._graphql_url}: {error}") from error
        except httpx.TransportError as error:
            raise Cut(f"the mutation got no answer: {error or type(error).__name__}") from error
        if response.status_code != 200:
            raise refusals.from_http(response.status_code, response.headers, response.content)
        errors = json_object(response.content, _SOURCE).get("errors")
        if errors:
            raise refusals.from_graphql(errors, response.status_code)


def _raise_errors(frame: Mapping[str, object], message_id: str | None) -> None:
    """Raises Refused for an error about the connection, or about the message of this id."""
    kind = frame.get("type")
    if kind == "connection_error" or (kind == "error" and frame.get("id") in (None, message_id)):
        raise refusals.from_graphql(child(frame, "payload").get("errors"))
