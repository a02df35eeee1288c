"""The authorizer of `$connect`: nobody gets a connection without a valid access token, or a ticket that stands for one.

https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-websocket-api-lambda-auth.html

What it says of the user (`sub`, `username`, `groups`, `expiresAt`) comes with every later event of the connection.
"""

from collections.abc import Mapping
from typing import Any

from handlers.websocket.subprotocols import offered_tokens
from handlers.websocket.ticket_store import redeem
from shared.auth.tokens import TokenVerifier
from shared.auth.user import User
from shared.errors import Unauthenticated
from shared.init_phase import at_init
from shared.telemetry.log import logger

TICKET_PARAMETER = "ticket"


@at_init
def verifier() -> TokenVerifier:
    """The environment's one; keeps the pool's keys."""
    return TokenVerifier.from_environment()


@logger.inject_lambda_context
def handler(event: dict[str, Any], _context: object) -> dict[str, object]:
    """An Allow policy for this one `$connect`; anything else becomes API Gateway's 401."""
    try:
        user = _user(event)
    except Unauthenticated as error:
        logger.info("refused", extra={"code": error.code, "reason": error.message})
        # API Gateway turns exactly this text into a 401.
        raise Exception("Unauthorized") from None
    return {
        "principalId": user.sub,
        "policyDocument": {
            "Version": "2012-10-17",
            "Statement": [{"Effect": "Allow", "Action": "execute-api:Invoke", "Resource": event["methodArn"]}],
        },
        "context": {
            "sub": user.sub,
            "username": user.username,
            "groups": ",".join(user.groups),
            "expiresAt": str(user.expires_at),
        },
    }


def _user(event: Mapping[str, Any]) -> User:
    """The user of the handshake's one credential. Raises Unauthenticated."""
    tokens, tickets = offered_tokens(event), _tickets(event)
    if len(tokens) + len(tickets) != 1:
        raise Unauthenticated(f"{len(tokens)} access tokens and {len(tickets)} tickets were given; one is needed.")
    return verifier().verify(tokens[0]) if tokens else redeem(tickets[0])


def _tickets(event: Mapping[str, Any]) -> list[str]:
    """All tickets of the query: a parameter that comes twice is in `multiValueQueryStringParameters` alone."""
    parameters: Mapping[str, list[str]] = event.get("multiValueQueryStringParameters") or {}
    return parameters.get(TICKET_PARAMETER, [])
