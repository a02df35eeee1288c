"""The authorizer of `$connect`: nobody gets a connection without a valid access token, or a ticket that stands for one.

https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-websocket-api-lambda-auth.html

Browsers ask no server before they open a WebSocket to another origin, so the pages that may are checked here. What it
says of the user (`sub`, `username`, `groups`, `expiresAt`) comes with every later event of the connection.
"""

import os
from collections.abc import Mapping
from typing import Any, Literal

from handlers.websocket.subprotocols import offered_tokens
from handlers.websocket.ticket_store import redeem
from shared.auth.tokens import TokenVerifier
from shared.auth.user import User
from shared.contract.environment import Variable
from shared.errors import Forbidden, Unauthenticated
from shared.init_phase import at_init
from shared.telemetry.log import logger
from shared.telemetry.reports import reports

TICKET_PARAMETER = "ticket"
MAX_LOGGED_CHARACTERS = 200


verifier = at_init(TokenVerifier.from_environment)


@reports.before_the_end
@logger.inject_lambda_context
def handler(event: dict[str, Any], _context: object) -> dict[str, object]:
    """A policy for this one `$connect`: Allow, or Deny for a foreign page, which becomes API Gateway's 403.

    Whoever has no good credential gets its 401.
    """
    allowed = frozenset(os.environ[Variable.ALLOWED_ORIGINS].split(",")) - {""}  # of no origin there is still one text
    if foreign := [origin for origin in _origins(event) if origin not in allowed]:
        logger.info("refused", extra={"code": Forbidden.code, "origin": foreign[0][:MAX_LOGGED_CHARACTERS]})
        return {"principalId": "nobody", "policyDocument": _policy("Deny", event)}
    try:
        user = _user(event)
    except Unauthenticated as error:
        logger.info("refused", extra={"code": error.code, "reason": error.message})
        # API Gateway turns exactly this text into a 401.
        raise Exception("Unauthorized") from None
    return {
        "principalId": user.sub,
        "policyDocument": _policy("Allow", event),
        "context": {
            "sub": user.sub,
            "username": user.username,
            "groups": ",".join(user.groups),
            "tier": user.tier.value,
            "expiresAt": str(user.expires_at),
        },
    }


def _policy(effect: Literal["Allow", "Deny"], event: Mapping[str, Any]) -> dict[str, object]:
    statement = {"Effect": effect, "Action": "execute-api:Invoke", "Resource": event["methodArn"]}
    return {"Version": "2012-10-17", "Statement": [statement]}


def _origins(event: Mapping[str, Any]) -> list[str]:
    """Where the page is from that a browser connects for; what is no browser need not say.

    https://datatracker.ietf.org/doc/html/rfc6455#section-10.2
    """
    headers: Mapping[str, list[str]] = event.get("multiValueHeaders") or {}
    return [value for name, values in headers.items() if name.lower() == "origin" for value in values]


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
