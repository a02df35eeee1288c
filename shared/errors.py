"""What can go wrong with a stream, as one tree. A code is the same on every transport; its status is the HTTP one.

    StreamwaysError
    ├── Unauthenticated      401  no valid token
    │   └── SessionOver      401  the connection has outlived its token
    ├── Forbidden            403  the user may see it, but not do this
    ├── NotFound             404  it is not there, or not for this user
    ├── InvalidRequest       400  the request itself is wrong
    │   ├── AlreadyStarted   409  a stream of this id was started with another request
    │   ├── StreamCancelled  409  the stream was cancelled before it was started
    │   └── MethodNotAllowed 405  the address is right, the HTTP method is not
    ├── TooLarge             413  more than is accepted
    ├── RateLimited          429  more often than is allowed: try again later
    ├── InsufficientCredits  402  the user's credits do not pay for the answer
    ├── ConcurrencyExceeded  429  more answers at once than are allowed
    ├── ModelThrottled       429  the model's quota is used up: try again
    ├── ModelUnavailable     503  the model failed or cannot be reached
    ├── ContentBlocked       422  a guardrail stepped in
    ├── DeadlineExceeded     504  there was no time left to answer
    └── Internal             500  our fault
        ├── Busy             503  it passes by itself: too much at once, or a service that we need does not answer
        └── SecretEmpty      503  a secret that the function needs has no value yet: its operator has to write it

`to_json()` is the body of a refusal, `{"code", "message", "retryAfter"?, "limit"?}`, and the data of a `data-error`
part.
"""

from typing import ClassVar

from shared.contract.errors import ErrorCode
from shared.contract.quota import Quota, ratelimit_headers


class StreamwaysError(Exception):
    """A refusal or a failure with a text that a person can act on.

    `retry_after` is in whole seconds, for errors that pass by themselves. `reason` is for the logs alone: the code and
    request id of whoever failed, and never a text of theirs, which may quote the prompt. `quota` is the limit of the
    user that is used up.
    """

    code: ClassVar[ErrorCode]
    status: ClassVar[int]

    def __init__(
        self,
        message: str,
        *,
        retry_after: int | None = None,
        reason: str | None = None,
        quota: Quota | None = None,
    ) -> None:
        super().__init__(message)
        self.reason = reason
        self.message = message
        self.retry_after = retry_after
        self.quota = quota

    def to_json(self) -> dict[str, object]:
        """`{"code", "message", "retryAfter"?, "limit"?}`, as HTTP bodies, error frames and `data-error` parts carry it.

        `limit` is what `Quota.to_json` says.
        """
        body: dict[str, object] = {"code": self.code, "message": self.message}
        if self.retry_after is not None:
            body["retryAfter"] = self.retry_after
        if self.quota is not None:
            body["limit"] = self.quota.to_json()
        return body

    def headers(self) -> dict[str, str]:
        """What an HTTP refusal says beside its status and body: when to try again, what is used up, and how to
        authenticate."""
        headers = {} if self.retry_after is None else {"retry-after": str(self.retry_after)}
        if self.quota is not None:
            headers |= ratelimit_headers(self.quota)
        return {**headers, "www-authenticate": "Bearer"} if self.status == 401 else headers


class Unauthenticated(StreamwaysError):
    """The token is missing, malformed, expired, foreign or of the wrong type."""

    code = ErrorCode.UNAUTHENTICATED
    status = code.status


class SessionOver(Unauthenticated):
    """The connection has outlived its token. It is closed, so that its client connects again with a new one."""


class Forbidden(StreamwaysError):
    """The user knows the thing, and may not do this to it."""

    code = ErrorCode.FORBIDDEN
    status = code.status


class NotFound(StreamwaysError):
    """There is no such thing, or it is another user's: the two cannot be told apart."""

    code = ErrorCode.NOT_FOUND
    status = code.status


class InvalidRequest(StreamwaysError):
    """The request is not what the protocol says."""

    code = ErrorCode.INVALID_REQUEST
    status = code.status


class AlreadyStarted(InvalidRequest):
    """The user has started a stream of this id before, with another request; an id stands for one request."""

    status = 409


class StreamCancelled(InvalidRequest):
    """The user has cancelled the stream of this id before its start arrived: it is not started any more."""

    status = 409


class MethodNotAllowed(InvalidRequest):
    """The address does not take this HTTP method."""

    status = 405


class TooLarge(StreamwaysError):
    """The request holds more messages or more text than is accepted."""

    code = ErrorCode.TOO_LARGE
    status = code.status


class RateLimited(StreamwaysError):
    """The user has done this too often. `retry_after` is exact: after it the same is allowed again."""

    code = ErrorCode.RATE_LIMITED
    status = code.status


class InsufficientCredits(StreamwaysError):
    """The user's credits do not pay for the answer. `retry_after` is when a month brings enough, if it does."""

    code = ErrorCode.INSUFFICIENT_CREDITS
    status = code.status


class ConcurrencyExceeded(StreamwaysError):
    """The user runs as many answers as their tier runs at once. When one ends nobody knows."""

    code = ErrorCode.CONCURRENCY_EXCEEDED
    status = code.status


class ModelThrottled(StreamwaysError):
    """The model's provider refused for load or quota, before or while it streamed."""

    code = ErrorCode.MODEL_THROTTLED
    status = code.status


class ModelUnavailable(StreamwaysError):
    """The model failed, broke off, or is not there."""

    code = ErrorCode.MODEL_UNAVAILABLE
    status = code.status


class ContentBlocked(StreamwaysError):
    """A guardrail ended the answer. (What the provider filters itself is a finish, as `content-filter`.)"""

    code = ErrorCode.CONTENT_BLOCKED
    status = code.status


class DeadlineExceeded(StreamwaysError):
    """The stream could not begin before its time was over."""

    code = ErrorCode.DEADLINE
    status = code.status


class Internal(StreamwaysError):
    """A fault of ours; what it was stands in the logs under the correlation id."""

    code = ErrorCode.INTERNAL
    status = code.status

    def __init__(
        self, message: str = "Something went wrong on our side. Please try again.", *, retry_after: int | None = None
    ) -> None:
        super().__init__(message, retry_after=retry_after)


class Busy(Internal):
    """Too much goes on at once, or a service that we need does not answer: the very same request may be good soon."""

    status = 503

    def __init__(
        self, message: str = "Too much is going on at the moment. Please try again.", *, retry_after: int = 1
    ) -> None:
        super().__init__(message, retry_after=retry_after)


class SecretEmpty(Internal):
    """A secret that the function needs has no value, or is not there. What is behind it stays closed."""

    status = 503

    def __init__(
        self,
        message: str = "A secret of this deployment has no value yet. Whoever operates it writes one with "
        "`aws secretsmanager put-secret-value`: see docs/domains.md.",
    ) -> None:
        super().__init__(message)
