"""`@connections`: how a backend sends to one client, asks about it, and disconnects it.

Follows https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-how-to-call-websocket-api-connections.html
"""

import re
from datetime import UTC, datetime
from http import HTTPStatus

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from sandbox.aws.sigv4 import SignatureRefused, verify
from sandbox.edge.connection_faults import ANSWERS, ConnectionFaults
from sandbox.edge.connections import ClientTooSlow, Connection, ConnectionGone, Connections
from sandbox.edge.websocket_protocol import MESSAGE_BYTES
from sandbox.iam.credentials import Credentials
from sandbox.iam.policies import role_allows
from sandbox.world import ACCOUNT_ID, World

CONNECTION_ID = re.compile(r"[A-Za-z0-9_-]{15}=")
DISCONNECTED_BY_SERVER = "Connection Closed Normally"
"""What the `$disconnect` event says after a DELETE, with code 1000."""


class ConnectionsApi:
    """The endpoint `…/{stage}/@connections/{connection_id}`; errors have the shape that AWS's SDKs read."""

    def __init__(
        self, world: World, credentials: Credentials, connections: Connections, faults: ConnectionFaults
    ) -> None:
        self._world = world
        self._credentials = credentials
        self._connections = connections
        self._faults = faults

    async def serve(self, request: Request) -> Response:
        """One POST, GET or DELETE."""
        api_id: str = request.path_params["api_id"]
        stage: str = request.path_params["stage"]
        connection_id: str = request.path_params["connection_id"]
        api = self._world.websocket_apis.get(api_id)
        if api is None or stage not in api.stages:
            return error_response(HTTPStatus.FORBIDDEN, "ForbiddenException", "Forbidden")
        body = await request.body()
        try:
            role_arn = verify(request, body, service="execute-api", credentials=self._credentials)
        except SignatureRefused as refusal:
            return error_response(HTTPStatus.FORBIDDEN, f"{refusal.code}Exception", refusal.message)
        resource = (
            f"arn:aws:execute-api:{self._world.region}:{ACCOUNT_ID}:{api_id}/{stage}/{request.method}"
            f"/@connections/{connection_id}"
        )
        action = "execute-api:ManageConnections"
        if not role_allows(self._world, role_arn, action, resource):
            message = f"User: {role_arn} is not authorized to perform: {action} on resource: {resource}"
            return error_response(HTTPStatus.FORBIDDEN, "AccessDeniedException", message)
        if not CONNECTION_ID.fullmatch(connection_id):
            return error_response(
                HTTPStatus.BAD_REQUEST, "BadRequestException", f"Invalid connectionId: {connection_id}"
            )
        try:
            connection = self._connections.get(api_id, stage, connection_id)
            if request.method == "POST":
                fault = self._faults.take()
                return await _post(connection, body) if fault is None else error_response(*ANSWERS[fault.kind], None)
        except ConnectionGone:
            return error_response(HTTPStatus.GONE, "GoneException", None)
        except ClientTooSlow:
            return error_response(HTTPStatus.TOO_MANY_REQUESTS, "LimitExceededException", None)
        if request.method == "DELETE":
            connection.close(1000, DISCONNECTED_BY_SERVER)
            return Response(status_code=HTTPStatus.NO_CONTENT)
        return JSONResponse(
            {
                "connectedAt": _iso_8601(connection.told(connection.connected_at_ms)),
                "identity": {"sourceIp": connection.source_ip, "userAgent": connection.user_agent},
                "lastActiveAt": _iso_8601(connection.told(connection.last_active_ms)),
            }
        )


async def _post(connection: Connection, body: bytes) -> Response:
    if len(body) > MESSAGE_BYTES:
        return error_response(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "PayloadTooLargeException", "Message too long")
    try:
        text = body.decode()
    except UnicodeDecodeError:
        message = "The message is not UTF-8 text: a WebSocket API has text frames only"
        return error_response(HTTPStatus.BAD_REQUEST, "BadRequestException", message)
    await connection.send(text)
    return Response(status_code=HTTPStatus.OK)


def error_response(status: int, code: str, message: str | None) -> Response:
    """An error as AWS's SDKs read it: the exception in `x-amzn-errortype`, the message in JSON."""
    return JSONResponse({"message": message}, status, {"x-amzn-errortype": code})


def _iso_8601(epoch_ms: int) -> str:
    return datetime.fromtimestamp(epoch_ms / 1000, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
