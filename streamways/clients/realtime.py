"""AppSync's real-time connection: subscriptions over one WebSocket.

Follows https://docs.aws.amazon.com/appsync/latest/devguide/real-time-websocket-client.html
"""

import base64
import json
import uuid
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from typing import Self

from streamways.clients import refusals
from streamways.clients.addresses import host_with_port
from streamways.clients.client import OPEN_SECONDS
from streamways.clients.inboxes import EVERYBODY, Inbox, Inboxes, Message
from streamways.clients.wire import child, open_socket, send

SUBPROTOCOL = "graphql-ws"
_SOURCE = "AppSync"
_CONNECTION = "connection"
"""Stands for the id of the messages about the connection as a whole."""


class Realtime:
    """An open, acknowledged connection."""

    def __init__(self, url: str, graphql_url: str, token: str | None) -> None:
        self._url = url
        self._authorization = {"host": host_with_port(graphql_url)} | ({"Authorization": token} if token else {})

    async def open(self) -> Self:
        """Connects. Raises ClientError."""
        header = base64.urlsafe_b64encode(json.dumps(self._authorization).encode()).decode().rstrip("=")
        self._socket = await open_socket(
            self._url, [SUBPROTOCOL, f"header-{header}"], SUBPROTOCOL, f"{_SOURCE}'s real-time address"
        )
        self._inboxes = Inboxes(self._socket, _SOURCE, _address)
        try:
            with self._inboxes.inbox(_CONNECTION) as inbox:
                self._inboxes.begin()
                await send(self._socket, json.dumps({"type": "connection_init"}))
                await _acknowledged(inbox, "connection_ack")
        except BaseException:
            await self.close()
            raise
        return self

    async def close(self) -> None:
        """Closes the connection."""
        await self._inboxes.close()

    @asynccontextmanager
    async def subscription(self, document: str, variables: Mapping[str, object]) -> AsyncGenerator[Inbox]:
        """A subscription that stands when the block begins. Its messages go through `data_of`. Raises ClientError."""
        subscription_id = uuid.uuid4().hex
        query = json.dumps({"query": document, "variables": variables})
        payload = {"data": query, "extensions": {"authorization": self._authorization}}
        with self._inboxes.inbox(subscription_id) as inbox:
            await send(self._socket, json.dumps({"id": subscription_id, "type": "start", "payload": payload}))
            await _acknowledged(inbox, "start_ack")
            try:
                yield inbox
            finally:
                await send(self._socket, json.dumps({"id": subscription_id, "type": "stop"}))


def data_of(message: Message) -> dict[str, object] | None:
    """The data that a message of a subscription carries; None for one that carries none. Raises Refused."""
    _raise_errors(message)
    payload = child(message, "payload")
    if message.get("type") != "data":
        return None
    if payload.get("errors"):
        raise refusals.from_graphql(payload["errors"])
    return child(payload, "data")


async def _acknowledged(inbox: Inbox, expected: str) -> None:
    while True:
        message = await inbox.next(OPEN_SECONDS)
        if message.get("type") == expected:
            return
        _raise_errors(message)


def _raise_errors(message: Message) -> None:
    if message.get("type") in ("connection_error", "error"):
        raise refusals.from_graphql(child(message, "payload").get("errors"))


def _address(message: Message) -> str | None:
    message_id = message.get("id")
    if isinstance(message_id, str):
        return message_id
    if message.get("type") in ("connection_error", "error"):
        return EVERYBODY
    return _CONNECTION
