"""Faults of `@connections`, asked for by whoever tests what a backend makes of them.

A post that meets one is answered with it, and nothing reaches the client.
https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-how-to-call-websocket-api-connections.html
"""

from dataclasses import dataclass
from http import HTTPStatus
from typing import Literal, cast, get_args

from sandbox.faults import Faults

ConnectionFaultKind = Literal["throttled", "unavailable", "gone"]
KINDS: tuple[ConnectionFaultKind, ...] = get_args(ConnectionFaultKind)
ANSWERS: dict[ConnectionFaultKind, tuple[HTTPStatus, str]] = {
    "throttled": (HTTPStatus.TOO_MANY_REQUESTS, "LimitExceededException"),
    "unavailable": (HTTPStatus.SERVICE_UNAVAILABLE, "ServiceUnavailableException"),
    "gone": (HTTPStatus.GONE, "GoneException"),
}
"""Status and exception of each kind."""


@dataclass(frozen=True)
class ConnectionFault:
    """How one post to a connection goes wrong; `gone` leaves the connection open all the same."""

    kind: ConnectionFaultKind


class ConnectionFaults(Faults[ConnectionFault]):
    """The faults of the next posts to connections that are there."""

    def __init__(self) -> None:
        super().__init__(lambda form: ConnectionFault(cast("ConnectionFaultKind", form.choice("fault", KINDS))))
