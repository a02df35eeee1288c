"""A table whose writes and reads the test watches, holds up, or has fail."""

import threading
from collections.abc import Callable

from botocore.exceptions import EndpointConnectionError

from shared.table.client import TableClient
from tests.support.aws import TABLE
from tests.support.server import WAIT_SECONDS


class WatchedTable(TableClient):
    """The table of this process on a client of its own, which calls `before` ahead of each request it sends."""

    def __init__(self) -> None:
        super().__init__(TABLE)
        self.requests: list[str] = []
        self.before: Callable[[str], None] = lambda _: None
        self.client.meta.events.register_first("before-call.dynamodb", self._note)

    def fail(self, operation: str, times: int = 1_000_000) -> None:
        """From now on so many requests of this kind break before they are sent."""
        left = [times]

        def refuse(asked: str) -> None:
            if asked == operation and left[0]:
                left[0] -= 1
                raise EndpointConnectionError(endpoint_url="https://dynamodb.example")

        self.before = refuse

    def hold(self, operation: str) -> tuple[threading.Event, threading.Event]:
        """From now on requests of this kind wait. The first event is set when one does, the second lets them go."""
        held, free = threading.Event(), threading.Event()

        def wait(asked: str) -> None:
            if asked == operation:
                held.set()
                free.wait(WAIT_SECONDS)

        self.before = wait
        return held, free

    def _note(self, model: object, **_: object) -> None:
        operation = str(model.name)  # pyright: ignore
        self.requests.append(operation)
        self.before(operation)
