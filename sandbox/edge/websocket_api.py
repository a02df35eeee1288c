"""API Gateway's WebSocket APIs: everything under `/execute-api/`.

The way of a connection: stage → identity sources → authorizer → `$connect` integration → open (`websocket_session.py`);
then each message goes to the route that it selects, until either side closes. Everything is looked up in the World when
it is needed, so a changed program holds from the next message on.
https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-websocket-api-overview.html
"""

import logging
from contextlib import suppress
from http import HTTPStatus

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route, WebSocketRoute
from starlette.websockets import WebSocket

from sandbox.edge.connection_faults import ConnectionFaults
from sandbox.edge.connections import Connections, WebSocketLimits
from sandbox.edge.connections_api import ConnectionsApi, error_response
from sandbox.edge.route_selection import is_supported, served_routes
from sandbox.edge.websocket_authorizer import ConnectRefused, authorizer_context, demand_identity
from sandbox.edge.websocket_events import Document, Handshake, authorizer_event, connect_event, new_id
from sandbox.edge.websocket_integrations import IntegrationFailed, Integrations
from sandbox.edge.websocket_protocol import EXECUTE_API_PREFIX
from sandbox.edge.websocket_session import Backend, WebSocketSession
from sandbox.functions.service import FunctionService
from sandbox.iam.credentials import Credentials
from sandbox.world import World

URL_CHARACTERS = 4096
"""Length of a request's address
(https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-execution-service-websocket-limits-table.html)."""

log = logging.getLogger(__name__)


def routes(
    world: World,
    functions: FunctionService,
    credentials: Credentials,
    limits: WebSocketLimits | None = None,
    faults: ConnectionFaults | None = None,
) -> list[BaseRoute]:
    """The WebSocket APIs of the World and their `@connections`; serve them with `ws=LimitedWebSocketProtocol`."""
    limits = limits or WebSocketLimits()
    connections = Connections()
    gateway = WebSocketGateway(Backend(world, Integrations(world, functions, limits), connections, limits))
    management = ConnectionsApi(world, credentials, connections, faults or ConnectionFaults())
    stage = EXECUTE_API_PREFIX + "{api_id}/{stage}"
    return [
        Route(stage + "/@connections/{connection_id}", management.serve, methods=["POST", "GET", "DELETE"]),
        Route(EXECUTE_API_PREFIX + "{path:path}", _plain_http, methods=["GET", "POST", "PUT", "PATCH", "DELETE"]),
        WebSocketRoute(stage, gateway.serve),
        WebSocketRoute(stage + "/", gateway.serve),
        WebSocketRoute(EXECUTE_API_PREFIX + "{path:path}", _forbidden),
    ]


class WebSocketGateway:
    """Answers handshakes, and has the connections served that they open."""

    def __init__(self, backend: Backend) -> None:
        self._backend = backend

    async def serve(self, socket: WebSocket) -> None:
        """One connection, from its handshake to its end."""
        api_id, stage = socket.path_params["api_id"], socket.path_params["stage"]
        handshake = Handshake.of(self._backend.world, api_id, stage, socket, self._backend.limits)
        try:
            if len(str(socket.url)) > URL_CHARACTERS:
                raise ConnectRefused(HTTPStatus.REQUEST_URI_TOO_LONG, "Request URI too long")
            authorizer, subprotocol = await self._connect(handshake)
        except ConnectRefused as refusal:
            await _deny(socket, refusal.status, refusal.message)
        except IntegrationFailed as failure:
            await _deny(socket, failure.status, failure.message)
        else:
            await WebSocketSession(self._backend, handshake, authorizer).run(socket, subprotocol)

    async def _connect(self, handshake: Handshake) -> tuple[Document | None, str | None]:
        """Ask authorizer and `$connect`: the authorizer's context, and the subprotocol that the integration chose.

        Raises ConnectRefused and IntegrationFailed.
        """
        backend, stage = self._backend, handshake.stage
        api = backend.world.websocket_apis.get(handshake.api_id)
        served = api and served_routes(api, stage)
        if api is None or served is None:
            raise ConnectRefused(HTTPStatus.FORBIDDEN, "Forbidden")
        if not is_supported(api.route_selection_expression):
            log.error("The route selection expression %r is not understood", api.route_selection_expression)
            raise ConnectRefused(HTTPStatus.INTERNAL_SERVER_ERROR, "Internal server error")
        if "$connect" not in served.route_keys:
            return None, None
        if not backend.throttle.take(api.api_id, stage, "$connect", served.settings):
            raise ConnectRefused(HTTPStatus.TOO_MANY_REQUESTS, "Too Many Requests")
        authorizer = None
        authorizer_id = api.routes["$connect"].authorizer_id
        if authorizer_id is not None:
            demand_identity(api.authorizers[authorizer_id].identity_sources, handshake)
            method_arn = backend.integrations.arn(api.api_id, f"{stage}/$connect")
            event = authorizer_event(handshake, method_arn, new_id())
            invocation = await backend.integrations.authorize(api, authorizer_id, event)
            authorizer = authorizer_context(backend.world, invocation, method_arn)
        event = connect_event(handshake, new_id(), authorizer)
        response = await backend.integrations.run(api, stage, "$connect", event)
        if response.status >= HTTPStatus.MULTIPLE_CHOICES:
            raise ConnectRefused(response.status, f"The $connect route answered {response.status}")
        return authorizer, response.header("Sec-WebSocket-Protocol")


async def _forbidden(socket: WebSocket) -> None:
    """An address that no API has."""
    await _deny(socket, HTTPStatus.FORBIDDEN, "Forbidden")


async def _plain_http(request: Request) -> Response:
    """What a WebSocket API does not speak; an address of `@connections` without its stage is the usual mistake."""
    if request.method == "GET" and "@connections" not in request.path_params["path"]:
        return JSONResponse({"message": "Upgrade Required"}, HTTPStatus.UPGRADE_REQUIRED, {"upgrade": "websocket"})
    return error_response(HTTPStatus.FORBIDDEN, "ForbiddenException", "Forbidden")


async def _deny(socket: WebSocket, status: int, message: str) -> None:
    with suppress(OSError):  # the client may have left by now
        await socket.send_denial_response(JSONResponse({"message": message}, status))
