"""AppSync's real-time protocol on one WebSocket connection.

Follows https://docs.aws.amazon.com/appsync/latest/devguide/real-time-websocket-client.html:

    client                                server
    connection_init                   →   connection_ack {connectionTimeoutMs}, then `ka` now and then
    start {id, data, authorization}   →   start_ack {id} | error {id}
                                          data {id, payload} …
    stop {id}                         →   complete {id}

One task reads, one writes, and a publisher only ever puts something in this connection's queue: a slow client fills
its own queue until it is cut off, and nobody else waits for it.
"""

import asyncio
import logging
import uuid
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass

from starlette.responses import Response
from starlette.websockets import WebSocket, WebSocketDisconnect

from sandbox.edge.appsync.call import read_call
from sandbox.edge.appsync.engine import Engine
from sandbox.edge.appsync.errors import RequestRefused, frame_errors, unauthorized
from sandbox.edge.appsync.handshake import (
    SUBPROTOCOL,
    as_request,
    check_subprotocol,
    credentials,
    header_object,
    with_host,
)
from sandbox.edge.appsync.http_endpoint import visible_headers
from sandbox.edge.appsync.subscriptions import Delivery, Subscription
from sandbox.edge.appsync.values import as_object, read_json, to_json_text
from sandbox.graphql import GraphqlApi

POLICY_VIOLATION = 1008
"""Close code after a `connection_error`. AWS's own code is not documented; clients go by the message before it."""
GOING_AWAY = 1001
"""Close code after 24 hours; AWS's own is not documented."""
TRY_AGAIN_LATER = 1013
"""Close code for a client that does not read; AWS's own is not documented."""
_CLOSE_SECONDS = 2.0
"""How long a close may take; a client that does not read does not see it."""

_logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Limits:
    """Quotas of a connection (https://docs.aws.amazon.com/general/latest/gr/appsync.html), in seconds and bytes."""

    keep_alive_seconds: float = 60
    connection_seconds: float = 24 * 60 * 60
    subscriptions: int = 200
    connection_timeout_ms: int = 300_000
    """What `connection_ack` tells the client: without a `ka` for that long it should give the connection up."""
    backlog_bytes: int = 4 * 1024 * 1024
    """Published data that may wait for a slow client. Ours: AWS names no figure."""
    time_scale: float = 1.0
    """The sandbox's seconds for one of AWS's, in what is counted in time; as in SandboxOptions."""


async def serve(websocket: WebSocket, engine: Engine, limits: Limits) -> None:
    """Handles one connection from its handshake to its end."""
    api = engine.api(websocket.path_params["api_id"])
    if api is None:
        await websocket.send_denial_response(Response(status_code=404))
        return
    offered: list[str] = websocket.scope.get("subprotocols", [])
    await websocket.accept(SUBPROTOCOL if SUBPROTOCOL in offered else None)
    path = websocket.url.path.removesuffix("/realtime")
    try:
        check_subprotocol(offered)
        headers = credentials(websocket, offered)
        await engine.authentication.caller(as_request(websocket, f"{path}/connect", headers), b"{}", api)
    except RequestRefused as refused:
        errors = [entry | {"errorCode": refused.status} for entry in refused.errors]
        with suppress(WebSocketDisconnect):
            await websocket.send_text(to_json_text({"type": "connection_error", "payload": {"errors": errors}}))
            await websocket.close(POLICY_VIOLATION)
        return
    await _Connection(websocket, engine, api, path, limits).run()


class _Connection:
    def __init__(self, websocket: WebSocket, engine: Engine, api: GraphqlApi, path: str, limits: Limits) -> None:
        self._websocket = websocket
        self._engine = engine
        self._api = api
        self._path = path
        self._limits = limits
        self._acknowledged = False
        self._subscriptions: dict[str, Subscription] = {}
        self._outgoing: asyncio.Queue[Mapping[str, object] | Delivery] = asyncio.Queue()
        self._backlog = 0
        self._too_slow = asyncio.Event()

    async def run(self) -> None:
        """Until the client leaves, is too slow, or 24 hours are over."""
        work = [self._read(), self._write(), self._keep_alive(), self._too_slow.wait()]
        tasks = [asyncio.ensure_future(part) for part in work]
        try:
            done, _ = await asyncio.wait(
                tasks,
                timeout=self._limits.connection_seconds * self._limits.time_scale,
                return_when=asyncio.FIRST_COMPLETED,
            )
            for task in done:
                task.result()
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            for subscription in self._subscriptions.values():
                self._engine.subscriptions.remove(subscription)
        if self._too_slow.is_set():
            _logger.warning("a real-time client of %s does not read: closed", self._api.name)
            await self._close(TRY_AGAIN_LATER)
        elif not done:
            await self._close(GOING_AWAY)

    async def _close(self, code: int) -> None:
        with suppress(TimeoutError, WebSocketDisconnect, RuntimeError):
            await asyncio.wait_for(self._websocket.close(code), _CLOSE_SECONDS)

    async def _read(self) -> None:
        while (event := await self._websocket.receive())["type"] == "websocket.receive":
            await self._message(event.get("text") or "")

    async def _write(self) -> None:
        with suppress(WebSocketDisconnect):
            while True:
                item = await self._outgoing.get()
                if not isinstance(item, Delivery):
                    await self._websocket.send_text(to_json_text(item))
                    continue
                subscription = item.subscription
                if self._subscriptions.get(subscription.id) is subscription:
                    frame = {"type": "data", "id": subscription.id, "payload": item.payload()}
                    await self._websocket.send_text(to_json_text(frame))
                self._backlog -= item.bytes

    async def _keep_alive(self) -> None:
        while True:
            self._send({"type": "ka"})
            await asyncio.sleep(self._limits.keep_alive_seconds * self._limits.time_scale)

    def _send(self, frame: Mapping[str, object]) -> None:
        self._outgoing.put_nowait(frame)

    def _deliver(self, delivery: Delivery) -> None:
        self._backlog += delivery.bytes
        if self._backlog > self._limits.backlog_bytes:
            self._too_slow.set()
        else:
            self._outgoing.put_nowait(delivery)

    async def _message(self, text: str) -> None:
        message = _parsed(text)
        kind, message_id = message.get("type"), message.get("id")
        if kind == "connection_init":
            self._acknowledged = True
            timeout = {"connectionTimeoutMs": round(self._limits.connection_timeout_ms * self._limits.time_scale)}
            self._send({"type": "connection_ack", "payload": timeout})
        elif self._acknowledged:
            try:
                await self._subscription_message(kind, message_id, message)
            except RequestRefused as refused:
                frame = {"type": "error", "payload": {"errors": frame_errors(refused.errors)}}
                self._send({"id": message_id, **frame} if isinstance(message_id, str) else frame)

    async def _subscription_message(self, kind: object, message_id: object, message: Mapping[str, object]) -> None:
        if kind == "start" and isinstance(message_id, str) and message_id:
            await self._start(message_id, as_object(message.get("payload")))
        elif kind == "stop" and isinstance(message_id, str) and message_id in self._subscriptions:
            self._engine.subscriptions.remove(self._subscriptions.pop(message_id))
            self._send({"type": "complete", "id": message_id})
        elif kind in ("start", "stop"):
            raise RequestRefused(400, "BadRequestException", f"{kind} needs the id of a subscription: {message_id!r}")
        else:
            message_text = "unknown not supported through the realtime channel"
            raise RequestRefused(400, "UnsupportedOperation", message_text)

    async def _start(self, subscription_id: str, payload: Mapping[str, object]) -> None:
        if subscription_id in self._subscriptions:
            message = f"Duplicated operation with id {subscription_id}"
            raise RequestRefused(400, "DuplicatedOperationError", message)
        if len(self._subscriptions) >= self._limits.subscriptions:
            message = f"Max number of {self._limits.subscriptions} subscriptions reached"
            raise RequestRefused(400, "MaxSubscriptionsReachedError", message)
        data = payload.get("data")
        authorization = header_object(as_object(payload.get("extensions")).get("authorization"))
        if not isinstance(data, str) or not authorization:
            raise unauthorized()
        request = as_request(self._websocket, self._path, with_host(authorization))
        caller = await self._engine.authentication.caller(request, data.encode("utf-8", "replace"), self._api)
        headers = visible_headers({**self._websocket.headers, **authorization}, str(uuid.uuid4()))
        subscription = await self._engine.subscribe(
            self._api, caller, read_call(data), headers, subscription_id, self._deliver
        )
        self._subscriptions[subscription_id] = subscription
        self._engine.subscriptions.add(subscription)
        self._send({"type": "start_ack", "id": subscription_id})


def _parsed(text: str) -> Mapping[str, object]:
    try:
        return as_object(read_json(text))
    except ValueError:
        return {}
