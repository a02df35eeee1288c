"""The services that our functions call, on sockets of the test: Lambda's Invoke, `@connections`, AppSync."""

import json
from collections.abc import Callable, Iterable
from types import SimpleNamespace
from typing import Any
from urllib.parse import unquote

from tests.support.server import Answer, CutConnection, LocalServer, Received


class Failures:
    """What the next requests are answered with; after them all is well.

    A status of 0 cuts the connection; None lets a request pass.
    """

    def __init__(self) -> None:
        self._statuses: list[int | None] = []
        self._for_ever = False

    def are(self, statuses: Iterable[int | None], *, for_ever: bool = False) -> None:
        """Fails with each of these in turn; `for_ever` repeats the last."""
        self._statuses, self._for_ever = list(statuses), for_ever

    def next(self) -> int | None:
        """The status to fail with now, if any."""
        if not self._statuses:
            return None
        status = self._statuses[0] if self._for_ever and len(self._statuses) == 1 else self._statuses.pop(0)
        if status == 0:
            raise CutConnection
        return status


class FakeLambda(LocalServer):
    """Takes asynchronous invocations; `then`, where set, is called with each event before it is answered."""

    def __init__(self) -> None:
        super().__init__(self._invoke)
        self.failures = Failures()
        self.then: Callable[[dict[str, Any]], object] | None = None

    @property
    def events(self) -> list[dict[str, Any]]:
        """The events so far."""
        return [json.loads(received.body) for received in self.received]

    def _invoke(self, received: Received) -> Answer:
        if self.then is not None:
            self.then(json.loads(received.body))
        status = self.failures.next()
        if status is None:
            return Answer(202)
        kind = "TooManyRequestsException" if status == 429 else "ServiceException"
        return Answer(status, b'{"message": "no"}', {"x-amzn-errortype": kind})


class FakeConnections(LocalServer):
    """API Gateway's `@connections`: keeps the frames that were posted, and which connections were closed.

    `then` is called with each frame and may refuse; `on_close` with each connection that is closed.
    """

    STAGE = "live"

    def __init__(self) -> None:
        super().__init__(self._serve)
        self.failures = Failures()
        self.then: Callable[[str, str], int | None] | None = None
        self.on_close: Callable[[str], object] | None = None
        self.closed: list[str] = []
        self._frames: list[tuple[str, str]] = []

    @property
    def callback_url(self) -> str:
        """`CALLBACK_URL` of the functions."""
        return f"{self.url}/{self.STAGE}"

    def frames(self, connection_id: str) -> list[dict[str, Any]]:
        """What the connection was sent."""
        return [json.loads(frame) for receiver, frame in self._frames if receiver == connection_id]

    def forget(self) -> None:
        """As new."""
        self.received.clear()
        self._frames.clear()
        self.closed.clear()
        self.failures.are([])
        self.then = self.on_close = None

    def _serve(self, received: Received) -> Answer:
        prefix = f"/{self.STAGE}/@connections/"
        path = unquote(received.path)
        assert path.startswith(prefix), path
        receiver = path.removeprefix(prefix)
        status = self.failures.next()
        if status is None:
            status = {"POST": self._post, "DELETE": self._close}[received.method](receiver, received.body.decode())
        if status is not None:
            return Answer(status, b'{"message": "no"}', {"x-amzn-errortype": f"Error{status}"})
        return Answer()

    def _post(self, receiver: str, frame: str) -> int | None:
        status = self.then(receiver, frame) if self.then is not None else None
        if status is None:
            self._frames.append((receiver, frame))
        return status

    def _close(self, receiver: str, _: str) -> None:
        self.closed.append(receiver)
        if self.on_close is not None:
            self.on_close(receiver)


class FakeAppSync(LocalServer):
    """AppSync's GraphQL endpoint: keeps the batches that were published; `errors` are GraphQL's own."""

    def __init__(self) -> None:
        super().__init__(self._post)
        self.failures = Failures()
        self.errors: list[dict[str, str]] = []
        self.published: list[dict[str, Any]] = []

    @property
    def graphql_url(self) -> str:
        """`GRAPHQL_URL` of the worker."""
        return f"{self.url}/graphql"

    def forget(self) -> None:
        """As new."""
        self.received.clear()
        self.published.clear()
        self.errors.clear()
        self.failures.are([])

    def _post(self, received: Received) -> Answer:
        status = self.failures.next()
        if status is not None:
            return Answer(status, b"Bad gateway")
        if self.errors:
            return Answer(body=json.dumps({"data": None, "errors": self.errors}).encode())
        variables = json.loads(received.body)["variables"]
        self.published.append(variables)
        return Answer(body=json.dumps({"data": {"publishParts": variables}}).encode())


def lambda_context(remaining_seconds: float = 60.0) -> Any:
    """The context that the runtime gives a handler."""
    return SimpleNamespace(
        function_name="streamways-test",
        memory_limit_in_mb=256,
        invoked_function_arn="arn:aws:lambda:us-east-1:123456789012:function:streamways-test",
        aws_request_id="request-1",
        get_remaining_time_in_millis=lambda: int(remaining_seconds * 1000),
    )
