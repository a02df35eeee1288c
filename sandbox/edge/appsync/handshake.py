"""How a real-time connection begins: its subprotocol, and credentials that come in one of three ways.

Follows "Handshake details" of https://docs.aws.amazon.com/appsync/latest/devguide/real-time-websocket-client.html; the
words of the refusals are from public issues.
"""

import base64
from collections.abc import Mapping

from starlette.requests import Request
from starlette.websockets import WebSocket

from sandbox.edge.appsync.errors import RequestRefused
from sandbox.edge.appsync.values import as_object, read_json

SUBPROTOCOL = "graphql-ws"
_HEADER_PREFIX = "header-"


def check_subprotocol(offered: list[str]) -> None:
    """That the client speaks `graphql-ws`. Raises RequestRefused."""
    if SUBPROTOCOL not in offered:
        message = "SubProtocolNotSupportedError" if offered else "NoProtocolError"
        raise RequestRefused(400, message, message)


def credentials(websocket: WebSocket, offered: list[str]) -> Mapping[str, str]:
    """The headers that authorize the connection, from the query, a subprotocol, or HTTP. Raises RequestRefused.

    `host` must be there, as AppSync demands; which host it names is not compared, for the sandbox has more than one.
    """
    in_query = websocket.query_params.get("header")
    in_protocol = next((name for name in offered if name.startswith(_HEADER_PREFIX)), None)
    if in_query is not None:
        headers = _decoded(in_query.replace(" ", "+"))
    elif in_protocol is not None:
        headers = _decoded(in_protocol.removeprefix(_HEADER_PREFIX))
    else:
        headers = dict(websocket.headers)
    return with_host(headers)


def with_host(headers: Mapping[str, str]) -> Mapping[str, str]:
    """The headers, if `host` is among them. Raises RequestRefused."""
    if "host" not in headers:
        raise RequestRefused(400, "BadRequestException", "Required headers are missing.")
    return headers


def header_object(value: object) -> Mapping[str, str]:
    """A header object of the protocol, its names in lower case; empty for anything else."""
    return {name.lower(): text for name, text in as_object(value).items() if isinstance(text, str)}


def as_request(websocket: WebSocket, path: str, headers: Mapping[str, str]) -> Request:
    """The HTTP request that header objects stand for, and that IAM signs: a POST to the GraphQL endpoint."""
    return Request(
        {
            "type": "http",
            "method": "POST",
            "path": path,
            "raw_path": path.encode(),
            "query_string": b"",
            "headers": [
                (name.encode("utf-8", "replace"), value.encode("utf-8", "replace")) for name, value in headers.items()
            ],
            "client": websocket.scope.get("client"),
        }
    )


def _decoded(text: str) -> Mapping[str, str]:
    padded = text.replace("-", "+").replace("_", "/") + "=" * (-len(text) % 4)
    try:
        return header_object(read_json(base64.b64decode(padded, validate=True)))
    except ValueError as error:
        message = "The header is not base64 of a JSON object."
        raise RequestRefused(400, "BadRequestException", message) from error
