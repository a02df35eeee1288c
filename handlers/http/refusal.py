"""What a request gets that is refused before the first byte of a stream."""

from starlette.responses import JSONResponse, Response

from shared.errors import StreamwaysError


def refusal(error: StreamwaysError) -> Response:
    """`{"error": {"code", "message", "retryAfter"?}}` with the status of the error."""
    return JSONResponse({"error": error.to_json()}, error.status, error.headers())
