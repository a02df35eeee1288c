"""The error codes: the same on every transport, each with the HTTP statuses that a refusal with it may have.

A refusal is `{"code", "message", "retryAfter"?, "limit"?}`. `shared/errors.py` has the errors behind the codes.
"""

from collections.abc import Mapping
from enum import StrEnum


class ErrorCode(StrEnum):
    """A code, as a refusal and a `data-error` part carry it."""

    UNAUTHENTICATED = "unauthenticated"
    """There is no good access token."""
    FORBIDDEN = "forbidden"
    """The user may see it, but not do this."""
    NOT_FOUND = "not_found"
    """It is not there, or not for this user."""
    INVALID_REQUEST = "invalid_request"
    """The request is not what the protocol says; or its stream id is used or cancelled, or its method is not taken."""
    TOO_LARGE = "too_large"
    """The request holds more than is accepted."""
    RATE_LIMITED = "rate_limited"
    """The user has done this too often; after `retryAfter` it is allowed again."""
    INSUFFICIENT_CREDITS = "insufficient_credits"
    """The user's credits do not pay for the answer."""
    CONCURRENCY_EXCEEDED = "concurrency_exceeded"
    """The user runs as many answers as are allowed at once."""
    MODEL_THROTTLED = "model_throttled"
    """The model's quota is used up."""
    MODEL_UNAVAILABLE = "model_unavailable"
    """The model failed, broke off or is not there."""
    CONTENT_BLOCKED = "content_blocked"
    """A guardrail ended the answer."""
    DEADLINE = "deadline"
    """The stream could not begin before its time was over."""
    INTERNAL = "internal"
    """A fault of ours, or one that passes by itself."""

    @property
    def statuses(self) -> tuple[int, ...]:
        """The HTTP statuses of refusals with this code, the usual one first."""
        return _STATUSES[self]

    @property
    def status(self) -> int:
        """The usual HTTP status."""
        return self.statuses[0]

    def __repr__(self) -> str:
        """The text, as it travels and as it reads in a report."""
        return repr(self.value)


_STATUSES: Mapping[ErrorCode, tuple[int, ...]] = {
    ErrorCode.UNAUTHENTICATED: (401,),
    ErrorCode.FORBIDDEN: (403,),
    ErrorCode.NOT_FOUND: (404,),
    ErrorCode.INVALID_REQUEST: (400, 405, 409),
    ErrorCode.TOO_LARGE: (413,),
    ErrorCode.RATE_LIMITED: (429,),
    ErrorCode.INSUFFICIENT_CREDITS: (402,),
    ErrorCode.CONCURRENCY_EXCEEDED: (429,),
    ErrorCode.MODEL_THROTTLED: (429,),
    ErrorCode.MODEL_UNAVAILABLE: (503,),
    ErrorCode.CONTENT_BLOCKED: (422,),
    ErrorCode.DEADLINE: (504,),
    ErrorCode.INTERNAL: (500, 503),
}
