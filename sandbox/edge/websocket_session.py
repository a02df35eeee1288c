"""One open connection of a WebSocket API: its messages, its limits, its end."""

import asyncio
import json
import logging
from collections.abc import Coroutine, MutableMapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from starlette.websockets import WebSocket, WebSocketDisconnect

from sandbox.edge.connections import ClientTooSlow, Connection, ConnectionGone, Connections, WebSocketLimits
from sandbox.edge.route_selection import selected_route, served_routes
from sandbox.edge.throttle import RouteThrottle
from sandbox.edge.websocket_events import Document, Handshake, disconnect_event, message_event, new_id
from sandbox.edge.websocket_integrations import IntegrationFailed, Integrations
from sandbox.world import World

GOING_AWAY = (1001, "Going away")
BINARY_IS_REFUSED = (1003, "")
NO_STATUS = (1005, "Client-side close frame status not set")
ABNORMAL_CLOSURE = (1006, "")
"""Close codes: https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-websocket-api-overview.html;
the reasons as events of real APIs have them."""

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Backend:
    """What all sessions share."""

    world: World
    integrations: Integrations
    connections: Connections
    limits: WebSocketLimits
    throttle: RouteThrottle = field(default_factory=RouteThrottle)
    tasks: set[asyncio.Task[None]] = field(default_factory=set[asyncio.Task[None]])

    def spawn(self, work: Coroutine[Any, Any, None]) -> None:
        """Run something that may outlive its connection."""
        task = asyncio.create_task(work)
        self.tasks.add(task)
        task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self.tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            log.error("A task of a WebSocket connection failed", exc_info=error)


class WebSocketSession:
    """Serves one connection from the moment that its `$connect` succeeded."""

    def __init__(self, backend: Backend, handshake: Handshake, authorizer: Document | None) -> None:
        self._backend = backend
        self._handshake = handshake
        self._authorizer = authorizer

    async def run(self, socket: WebSocket, subprotocol: str | None) -> None:
        """Accept, serve messages until either side closes, then tell `$disconnect`."""
        backend, handshake = self._backend, self._handshake
        ended = ABNORMAL_CLOSURE
        try:
            await socket.accept(subprotocol)  # raises when the client left while $connect ran
            connection = Connection(
                socket, handshake.source_ip, handshake.user_agent, handshake.connected_at_ms, backend.limits
            )
            with backend.connections.opened(handshake.api_id, handshake.stage, handshake.connection_id, connection):
                ended = await self._serve(socket, connection)
        finally:
            backend.spawn(self._disconnect(*ended))

    async def _serve(self, socket: WebSocket, connection: Connection) -> tuple[int, str]:
        """Take messages until the connection is closed; code and reason of that."""
        receiving = asyncio.create_task(socket.receive())
        closing = asyncio.create_task(connection.closing.wait())
        try:
            while not connection.closing.is_set():
                seconds = max(connection.seconds_left(), 0)
                await asyncio.wait({receiving, closing}, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
                if receiving.done():
                    message = receiving.result()
                    if message["type"] == "websocket.disconnect":
                        return _close_of(message)
                    self._receive(connection, message.get("text"))
                    receiving = asyncio.create_task(socket.receive())
                elif connection.seconds_left() <= 0:
                    connection.close(*GOING_AWAY)
        finally:
            receiving.cancel()
            closing.cancel()
        with suppress(WebSocketDisconnect, RuntimeError, TimeoutError):
            async with asyncio.timeout(self._backend.limits.send_seconds):
                await socket.close(connection.close_code, connection.close_reason)
        return connection.close_code, connection.close_reason

    def _receive(self, connection: Connection, text: str | None) -> None:
        if text is None:
            connection.close(*BINARY_IS_REFUSED)
            return
        connection.touch()
        # API Gateway does not wait for one message before it takes the next.
        self._backend.spawn(self._answer(connection, text))

    async def _answer(self, connection: Connection, body: str) -> None:
        """Run the route of one message. Its answer is dropped (no route has a response), an error is sent."""
        request_id = new_id()
        try:
            await self._route(body, request_id)
        except IntegrationFailed as failure:
            error = {
                "message": failure.message,
                "connectionId": self._handshake.connection_id,
                "requestId": request_id,
            }
            with suppress(ConnectionGone, ClientTooSlow):
                await connection.send(json.dumps(error))

    async def _route(self, body: str, request_id: str) -> None:
        backend, handshake = self._backend, self._handshake
        api = backend.world.websocket_apis.get(handshake.api_id)
        served = api and served_routes(api, handshake.stage)
        if api is None or served is None:
            raise IntegrationFailed(403, "Forbidden")
        route_key = selected_route(api.route_selection_expression, body, served.route_keys)
        if route_key is None:
            raise IntegrationFailed(403, "Forbidden")
        if not backend.throttle.take(handshake.api_id, handshake.stage, route_key, served.settings):
            raise IntegrationFailed(429, "Too Many Requests")
        event = message_event(handshake, route_key, request_id, self._authorizer, body)
        await backend.integrations.run(api, handshake.stage, route_key, event)

    async def _disconnect(self, code: int, reason: str) -> None:
        """Tell the `$disconnect` route, if there is one; nobody is told of a failure."""
        handshake = self._handshake
        api = self._backend.world.websocket_apis.get(handshake.api_id)
        served = api and served_routes(api, handshake.stage)
        if api is None or served is None or "$disconnect" not in served.route_keys:
            return
        event = disconnect_event(handshake, new_id(), self._authorizer, code, reason)
        with suppress(IntegrationFailed):
            await self._backend.integrations.run(api, handshake.stage, "$disconnect", event)


def _close_of(message: MutableMapping[str, Any]) -> tuple[int, str]:
    """Code and reason of an ASGI disconnect. uvicorn gives a lost connection 1005 too, but no reason with it."""
    code: int = message["code"]
    reason: str | None = message.get("reason")
    if code == NO_STATUS[0]:
        return ABNORMAL_CLOSURE if reason is None else NO_STATUS
    return code, reason or ""
