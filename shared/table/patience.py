"""How requests to the table are repeated, in one place: which errors pass by themselves, how long one waits for that,
and what is raised then.

The SDK repeats none of them: it knows no conflict of transactions, and its waits would multiply with ours. An error
passes when the same request may be good a moment later:

* a transaction is writing what the request is about, be it another's or this very one, whose answer was lost;
* DynamoDB refuses for load;
* nothing was heard, or DynamoDB failed. The request may have been served all the same: so every write has a mark in its
  condition or a token, by which its repetition finds that it has succeeded.

https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Programming.Errors.html
"""

import time
from collections.abc import Callable
from typing import Self, TypeVar

from botocore.exceptions import BotoCoreError, ClientError, HTTPClientError
from botocore.exceptions import ConnectionError as NoConnection

from shared.backoff import Backoff
from shared.errors import Busy
from shared.table.refusals import cancellation_codes
from shared.telemetry.log import logger

T = TypeVar("T")

PATIENCE_SECONDS = 4.0
"""How long one request is repeated, unless it is one of several that share their patience: three times, if nothing is
heard of any."""
RACE_SECONDS = 8.0
"""How long something is decided anew while others are faster. With the requests that are under way then, and the
worker's invocation after them, it ends within the 29 s that a WebSocket's route and a resolver of AppSync have."""
FIRST_WAIT_SECONDS = 0.02
LONGEST_WAIT_SECONDS = 1.0
PASSING = frozenset(
    {
        "InternalServerError",
        "ProvisionedThroughputExceededException",
        "ReplicatedWriteConflictException",
        "RequestLimitExceeded",
        "ThrottlingException",
        "TransactionConflictException",
        "TransactionInProgressException",
    }
)
"""Errors of one request, as the service names them."""
PASSING_REASONS = frozenset({"None", "ThrottlingError", "ProvisionedThroughputExceeded"})
"""Why a transaction may be cancelled now and written a moment later, as it is. One that met another is made anew."""


class Patience:
    """A span of time, in seconds from now, by default PATIENCE_SECONDS. Requests that share one do not multiply their
    waits; the last of them is made when it is over."""

    def __init__(self, seconds: float | None = None) -> None:
        self._over = time.monotonic() + (PATIENCE_SECONDS if seconds is None else seconds)
        self._backoff = Backoff(FIRST_WAIT_SECONDS, LONGEST_WAIT_SECONDS)

    @classmethod
    def for_a_race(cls) -> Self:
        """For what is read, decided and written, and anew whenever another has written meanwhile: RACE_SECONDS."""
        return cls(RACE_SECONDS)

    def ask(self, request: Callable[[], T]) -> T:
        """The answer to a request, which is repeated while it meets errors that pass. Raises Busy, or another error."""
        while True:
            try:
                return request()
            except (ClientError, BotoCoreError) as error:
                if not passes(error):
                    raise
                self.wait(error)

    def wait(self, cause: Exception | None = None) -> None:
        """Waits before the next attempt: ever longer, with full jitter. Raises Busy when the time is over."""
        left = self._over - time.monotonic()
        if left <= 0:
            reason = str(cause or "others were faster each time")
            logger.warning("the table was waited for in vain", extra={"reason": reason})
            raise Busy from cause
        time.sleep(min(left, self._backoff.next()))


def passes(error: ClientError | BotoCoreError) -> bool:
    """Whether the same request may be good a moment later."""
    if not isinstance(error, ClientError):
        return isinstance(error, NoConnection | HTTPClientError)
    reasons = cancellation_codes(error)
    if reasons:
        return PASSING_REASONS.issuperset(reasons)
    status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    return status >= 500 or error.response.get("Error", {}).get("Code") in PASSING
