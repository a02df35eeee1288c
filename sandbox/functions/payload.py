"""What an invocation is given: JSON, and no more of it than Lambda takes."""

import json

from sandbox.functions.errors import InvalidRequestContent, PayloadTooLarge


def checked(payload: bytes, limit: int) -> bytes:
    """The payload; an empty one is `{}`. Raises `PayloadTooLarge`, `InvalidRequestContent`."""
    if len(payload) > limit:
        raise PayloadTooLarge(limit)
    if not payload:
        return b"{}"
    try:
        json.loads(payload)
    except ValueError as error:
        raise InvalidRequestContent(f"Could not parse request body into json: {error}") from None
    return payload
