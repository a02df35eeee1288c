"""The function that gives tickets: `POST /` with an access token, behind a buffered function URL.

https://docs.aws.amazon.com/lambda/latest/dg/urls-invocation.html (payload format 2.0)

A WebSocket API serves no HTTP. CORS is the URL's own: no header of it comes from here.
"""

import json
from collections.abc import Mapping
from typing import Any

from handlers.websocket.ticket_store import issue
from shared.auth.bearer import bearer
from shared.auth.tokens import TokenVerifier
from shared.errors import Internal, MethodNotAllowed, NotFound, StreamwaysError
from shared.init_phase import at_init
from shared.telemetry.log import logger
from shared.telemetry.reports import reports

Response = Mapping[str, object]


verifier = at_init(TokenVerifier.from_environment)


@reports.before_the_end
@logger.inject_lambda_context
def handler(event: dict[str, Any], _context: object) -> Response:
    """`{"ticket", "expiresIn"}` with the status 200, or `{"error": {"code", "message", "retryAfter"?}}` with that of
    the error."""
    try:
        return _response(200, _ticket(event))
    except StreamwaysError as refusal:
        return _refusal(refusal)
    except Exception:
        logger.exception("the ticket could not be given")
        return _refusal(Internal())


def _ticket(event: Mapping[str, Any]) -> dict[str, object]:
    method, path = event["requestContext"]["http"]["method"], event["rawPath"]
    if path != "/":
        raise NotFound("Nothing is served here. Tickets are at `POST /`.")
    if method != "POST":
        raise MethodNotAllowed(f"{method} is not served here. Tickets are at `POST /`.")
    user = verifier().verify(bearer(event["headers"].get("authorization")))
    ticket, seconds = issue(user)
    return {"ticket": ticket, "expiresIn": seconds}


def _refusal(error: StreamwaysError) -> Response:
    allowed = {"allow": "POST"} if error.status == 405 else {}
    return _response(error.status, {"error": error.to_json()}, {**error.headers(), **allowed})


def _response(status: int, body: Mapping[str, object], headers: Mapping[str, str] | None = None) -> Response:
    return {
        "statusCode": status,
        # A ticket that a cache keeps would be somebody else's.
        "headers": {"content-type": "application/json", "cache-control": "no-store", **(headers or {})},
        "body": json.dumps(body, ensure_ascii=False),
    }
