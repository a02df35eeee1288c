"""Refusals, in the platform's own shape and in AWS's where AWS answers first, as one typed error."""

import json
from collections.abc import Mapping
from typing import cast

from shared.contract.errors import ErrorCode
from streamways.clients.errors import Refused

CODES_BY_STATUS = {
    400: ErrorCode.INVALID_REQUEST,
    401: ErrorCode.UNAUTHENTICATED,
    403: ErrorCode.FORBIDDEN,
    404: ErrorCode.NOT_FOUND,
    413: ErrorCode.TOO_LARGE,
    429: ErrorCode.RATE_LIMITED,
}
"""The platform's code for an HTTP status that comes with a body of AWS's."""

CODES_BY_GATEWAY_MESSAGE = {
    "Forbidden": ErrorCode.FORBIDDEN,
    "Unauthorized": ErrorCode.UNAUTHENTICATED,
    "Message too long": ErrorCode.TOO_LARGE,
    "Too Many Requests": ErrorCode.RATE_LIMITED,
    "Limit Exceeded": ErrorCode.RATE_LIMITED,
    "Endpoint request timed out": ErrorCode.DEADLINE,
}
"""API Gateway's own messages on a socket: https://docs.aws.amazon.com/apigateway/latest/developerguide/supported-gateway-response-types.html"""

CODES_BY_APPSYNC_ERROR = {
    "UnauthorizedException": ErrorCode.UNAUTHENTICATED,
    "Unauthorized": ErrorCode.FORBIDDEN,
    "BadRequestException": ErrorCode.INVALID_REQUEST,
    "MalformedHttpRequestException": ErrorCode.INVALID_REQUEST,
    "LimitExceededException": ErrorCode.RATE_LIMITED,
    "MaxSubscriptionsReachedError": ErrorCode.RATE_LIMITED,
}
"""AppSync's own error types: https://docs.aws.amazon.com/appsync/latest/devguide/real-time-websocket-client.html"""


def from_http(status: int, headers: Mapping[str, str], body: bytes) -> Refused:
    """The refusal in an HTTP response: `{"error": {…}}` as for `from_error`, or whatever AWS answered."""
    retry_after = _seconds(headers.get("retry-after"))
    document = object_of(body)
    own = document.get("error")
    if isinstance(own, dict):
        return from_error(cast("dict[str, object]", own), status=status, retry_after=retry_after)
    code = CODES_BY_STATUS.get(status, ErrorCode.INTERNAL)
    said = document.get("message") or document.get("Message") or _appsync_message(document)
    return Refused(code, f"HTTP {status}: {said or _excerpt(body)}", retry_after, status)


def from_error(error: Mapping[str, object], status: int | None = None, retry_after: float | None = None) -> Refused:
    """The refusal in the platform's own shape, `{"code", "message", "retryAfter"?, "limit"?}`."""
    said = _seconds(error.get("retryAfter"))
    return Refused(
        str(error.get("code", ErrorCode.INTERNAL)),
        str(error.get("message", "no message")),
        said if said is not None else retry_after,
        status,
        _limit(error),
    )


def from_error_text(text: str) -> Refused:
    """The refusal in the `errorText` of a WebSocket `error` frame: that shape as JSON text; else the text itself."""
    document = object_of(text.encode())
    own = document.get("error", document)
    if isinstance(own, dict) and "code" in own:
        return from_error(cast("dict[str, object]", own))
    return Refused(ErrorCode.INTERNAL, text or "no message")


def from_gateway_frame(frame: Mapping[str, object]) -> Refused:
    """The refusal in a frame of API Gateway's own: `{"message", "connectionId", "requestId"}`."""
    message = str(frame.get("message", "no message"))
    return Refused(CODES_BY_GATEWAY_MESSAGE.get(message, ErrorCode.INTERNAL), f"API Gateway says {message!r}")


def from_graphql(errors: object, status: int | None = None) -> Refused:
    """The first of GraphQL's errors: `[{"errorType", "message", "errorInfo": {"retryAfter"?, "limit"?}}]`."""
    listed = cast("list[object]", errors) if isinstance(errors, list) else []
    first = cast("dict[str, object]", listed[0]) if listed and isinstance(listed[0], dict) else {}
    error_type = str(first.get("errorType", ErrorCode.INTERNAL))
    info = first.get("errorInfo")
    more = cast("dict[str, object]", info) if isinstance(info, dict) else {}
    code: str = CODES_BY_APPSYNC_ERROR.get(error_type) or error_type
    if not code.replace("_", "").islower():
        code = CODES_BY_STATUS.get(status or 0, ErrorCode.INTERNAL)
    return Refused(
        code, str(first.get("message") or error_type), _seconds(more.get("retryAfter")), status, _limit(more)
    )


def object_of(body: bytes) -> dict[str, object]:
    """The JSON object that a body holds; an empty one for anything else."""
    try:
        value: object = json.loads(body)
    except ValueError:
        return {}
    return cast("dict[str, object]", value) if isinstance(value, dict) else {}


def _appsync_message(document: Mapping[str, object]) -> str | None:
    return from_graphql(document["errors"]).message if "errors" in document else None


def _limit(error: Mapping[str, object]) -> Mapping[str, object] | None:
    limit = error.get("limit")
    return cast("dict[str, object]", limit) if isinstance(limit, dict) else None


def _seconds(value: object) -> float | None:
    try:
        return float(cast("str | float", value))
    except (TypeError, ValueError):
        return None


def _excerpt(body: bytes) -> str:
    text = " ".join(body.decode("utf-8", "replace").split())
    return text[:200] or "no body"
