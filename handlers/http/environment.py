"""What the function keeps between requests, and what the Web Adapter tells it of each invocation."""

import json
import time
from dataclasses import dataclass

from starlette.requests import Request

from shared.auth.tokens import TokenVerifier
from shared.chats.members import Members
from shared.chats.store import ChatStore
from shared.init_phase import at_init
from shared.limits.limits import Limits
from shared.models.configured import model_from_environment
from shared.streams.admission import Admission
from shared.streams.ratings import Ratings
from shared.streams.repository import StreamRepository
from shared.streams.tail import Tail

verifier = at_init(TokenVerifier.from_environment)
admission = at_init(Admission.from_environment)
model = at_init(model_from_environment)
repository = at_init(StreamRepository.from_environment)
tail = at_init(Tail.from_environment)
chats = at_init(ChatStore.from_environment)
members = at_init(Members.from_environment)
limits = at_init(Limits.from_environment)
ratings = at_init(Ratings.from_environment)


@dataclass(frozen=True)
class Invocation:
    """What the Web Adapter tells of the invocation behind a request, in headers that a client cannot set.

    https://github.com/aws/aws-lambda-web-adapter
    """

    request_id: str
    ends_at: float
    """When the function's time is over, as `time.monotonic()`."""

    @classmethod
    def of(cls, request: Request) -> "Invocation":
        """Reads `x-amzn-lambda-context` and `x-amzn-request-context`."""
        function = json.loads(request.headers["x-amzn-lambda-context"])
        url = json.loads(request.headers["x-amzn-request-context"])
        return cls(url["requestId"], time.monotonic() + function["deadline"] / 1000 - time.time())
