"""The events that API Gateway gives to the functions behind a WebSocket API.

Shapes: https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-websocket-api-mapping-template-reference.html
and, for the authorizer, …/apigateway-websocket-api-lambda-auth.html; fields as seen in events of real APIs.
"""

import secrets
import time
from base64 import urlsafe_b64encode
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from urllib.parse import parse_qsl, urlsplit

from starlette.websockets import WebSocket

from sandbox.edge.connections import WebSocketLimits
from sandbox.world import World

Document = dict[str, object]

NOT_FORWARDED = frozenset({"x-forwarded-for", "x-forwarded-port", "x-forwarded-proto", "x-amzn-trace-id"})
"""Headers that API Gateway sets itself."""
OF_THE_UPGRADE = frozenset({"Connection", "Upgrade", "content-length"})
"""Headers that only the authorizer sees."""


def new_id() -> str:
    """An id as API Gateway makes them for connections, requests and messages: 15 characters and `=`."""
    return urlsafe_b64encode(secrets.token_bytes(11)).decode()


def epoch_ms() -> int:
    """Now, in milliseconds."""
    return time.time_ns() // 1_000_000


@dataclass(frozen=True)
class Handshake:
    """One client's request to connect: what all later events of its connection repeat."""

    api_id: str
    stage: str
    connection_id: str
    connected_at_ms: int
    domain_name: str
    """Host and port of the sandbox; on AWS the API's own domain, without the stage."""
    source_ip: str
    user_agent: str
    headers: tuple[tuple[str, str], ...]
    query: tuple[tuple[str, str], ...]
    limits: WebSocketLimits

    @classmethod
    def of(cls, world: World, api_id: str, stage: str, socket: WebSocket, limits: WebSocketLimits) -> "Handshake":
        """The request behind a socket that is not accepted yet."""
        source_ip = socket.client.host if socket.client else "127.0.0.1"
        origin = urlsplit(world.origin)
        received = [(_capitalized(name), value) for name, value in socket.headers.items() if name not in NOT_FORWARDED]
        added = [
            ("content-length", "0"),
            ("X-Amzn-Trace-Id", f"Root=1-{int(time.time()):08x}-{secrets.token_hex(12)}"),
            ("X-Forwarded-For", source_ip),
            ("X-Forwarded-Port", str(origin.port or 80)),
            ("X-Forwarded-Proto", origin.scheme),
        ]
        return cls(
            api_id=api_id,
            stage=stage,
            connection_id=new_id(),
            connected_at_ms=epoch_ms(),
            domain_name=origin.netloc,
            source_ip=source_ip,
            user_agent=socket.headers.get("user-agent", ""),
            headers=(*received, *added),
            query=tuple(parse_qsl(socket.url.query, keep_blank_values=True)),
            limits=limits,
        )


def authorizer_event(handshake: Handshake, method_arn: str, request_id: str) -> Document:
    """What a REQUEST authorizer is asked with."""
    return {
        "type": "REQUEST",
        "methodArn": method_arn,
        **_multi_value("headers", "multiValueHeaders", handshake.headers),
        **_multi_value("queryStringParameters", "multiValueQueryStringParameters", handshake.query),
        "stageVariables": {},
        "requestContext": _context(handshake, "$connect", "CONNECT", request_id, None),
    }


def connect_event(handshake: Handshake, request_id: str, authorizer: Document | None) -> Document:
    """The event of the `$connect` route. `authorizer` is what the authorizer answered, None without one."""
    headers = [(name, value) for name, value in handshake.headers if name not in OF_THE_UPGRADE]
    query = (
        _multi_value("queryStringParameters", "multiValueQueryStringParameters", handshake.query)
        if handshake.query
        else {}
    )
    return {
        **_multi_value("headers", "multiValueHeaders", headers),
        **query,
        "requestContext": _context(handshake, "$connect", "CONNECT", request_id, authorizer),
        "isBase64Encoded": False,
    }


def message_event(
    handshake: Handshake, route_key: str, request_id: str, authorizer: Document | None, body: str
) -> Document:
    """The event of a message, for the route that was selected."""
    context = _context(handshake, route_key, "MESSAGE", request_id, authorizer)
    return {"requestContext": {**context, "messageId": new_id()}, "body": body, "isBase64Encoded": False}


def disconnect_event(
    handshake: Handshake, request_id: str, authorizer: Document | None, code: int, reason: str
) -> Document:
    """The event of the `$disconnect` route, with the WebSocket close code and its reason."""
    context = _context(handshake, "$disconnect", "DISCONNECT", request_id, authorizer)
    headers = [("Host", handshake.domain_name), ("x-api-key", ""), ("X-Forwarded-For", ""), ("x-restapi", "")]
    return {
        **_multi_value("headers", "multiValueHeaders", headers),
        "requestContext": {**context, "disconnectStatusCode": code, "disconnectReason": reason},
        "isBase64Encoded": False,
    }


def _context(
    handshake: Handshake, route_key: str, event_type: str, request_id: str, authorizer: Document | None
) -> Document:
    now = epoch_ms()
    identity = {"sourceIp": handshake.source_ip}
    if handshake.user_agent:
        identity["userAgent"] = handshake.user_agent
    context: Document = {
        "routeKey": route_key,
        "eventType": event_type,
        "extendedRequestId": request_id,
        "requestTime": datetime.fromtimestamp(now / 1000, UTC).strftime("%d/%b/%Y:%H:%M:%S +0000"),
        "messageDirection": "IN",
        "stage": handshake.stage,
        "connectedAt": handshake.limits.told(handshake.connected_at_ms, now),
        "requestTimeEpoch": now,
        "identity": identity,
        "requestId": request_id,
        "domainName": handshake.domain_name,
        "connectionId": handshake.connection_id,
        "apiId": handshake.api_id,
    }
    if authorizer is not None:
        context["authorizer"] = authorizer
    return context


def _multi_value(single: str, multiple: str, pairs: Iterable[tuple[str, str]]) -> Document:
    """Both forms of headers or parameters: the last value of each name, and all of them."""
    values: dict[str, list[str]] = {}
    for name, value in pairs:
        values.setdefault(name, []).append(value)
    return {single: {name: found[-1] for name, found in values.items()}, multiple: values}


def _capitalized(name: str) -> str:
    """A header's name as clients write it on the wire, which uvicorn does not keep: `Sec-WebSocket-Protocol`."""
    return "-".join(word.capitalize() for word in name.split("-")).replace("Websocket", "WebSocket")
