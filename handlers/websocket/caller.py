"""Whose connection an event is about, as API Gateway tells it with each event.

https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-websocket-api-mapping-template-reference.html
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

from shared.contract.limits import CONNECTION_SECONDS
from shared.contract.tiers import Tier

NOTICE_SECONDS = 600
"""So long before the end of a connection its client is told."""


@dataclass(frozen=True)
class Caller:
    """The user at the other end of a connection. Times are in epoch seconds."""

    connection_id: str
    connected_at: int
    sub: str
    tier: Tier
    """Of the token that the connection was opened with, as the next."""
    token_expires_at: int
    """A frame's own token may have renewed the session since."""
    correlation_id: str

    @classmethod
    def of(cls, context: Mapping[str, Any]) -> Self:
        """Reads an event's `requestContext`, whose `authorizer` is text that our authorizer wrote."""
        user = context["authorizer"]
        return cls(
            connection_id=context["connectionId"],
            connected_at=int(context["connectedAt"]) // 1000,
            sub=user["sub"],
            tier=Tier(user.get("tier", Tier.FREE)),  # a connection may be older than this authorizer
            token_expires_at=int(user["expiresAt"]),
            correlation_id=context["requestId"],
        )

    @property
    def connection_ends_at(self) -> int:
        """When API Gateway closes the connection, whatever is going on."""
        return connection_ends_at(self.connected_at)


def connection_ends_at(connected_at: int) -> int:
    """When API Gateway closes a connection of this moment."""
    return connected_at + CONNECTION_SECONDS


def ends_soon(ends_at: int, now: float) -> bool:
    """Whether it is time to tell the client that its connection ends then."""
    return now >= ends_at - NOTICE_SECONDS
