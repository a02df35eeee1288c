"""The credential of a handshake: a browser's WebSocket can set no header but `Sec-WebSocket-Protocol`.

https://docs.aws.amazon.com/apigateway/latest/developerguide/websocket-connect-route-subprotocol.html

A client offers `["streamways.v1", "jwt.<access token>"]`; the answer names the first alone, so the token is not echoed.
"""

from collections.abc import Mapping
from typing import Any

from shared.contract.transports import TOKEN_PREFIX


def offered(event: Mapping[str, Any]) -> list[str]:
    """The subprotocols of a `$connect` event; header names come in any case."""
    headers: Mapping[str, str] = event.get("headers") or {}
    lists = [value for name, value in headers.items() if name.lower() == "sec-websocket-protocol"]
    return [name.strip() for value in lists for name in value.split(",") if name.strip()]


def offered_tokens(event: Mapping[str, Any]) -> list[str]:
    """The tokens among the offered subprotocols."""
    return [name.removeprefix(TOKEN_PREFIX) for name in offered(event) if name.startswith(TOKEN_PREFIX)]
