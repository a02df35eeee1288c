"""One connection of a client, by API Gateway's `@connections`: frames are sent to it, and it is closed.

https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-how-to-call-websocket-api-connections.html
"""

import os
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError

from shared.aws import client as sdk_client
from shared.contract.environment import Variable
from shared.generation.delivery import ReceiverGone, TryAgain, with_retries
from shared.init_phase import at_init

if TYPE_CHECKING:
    from mypy_boto3_apigatewaymanagementapi import ApiGatewayManagementApiClient

CALL_SECONDS = 5
"""How long one call may be without an answer."""


class Connection:
    """One client's socket."""

    def __init__(self, connection_id: str, until: float, given_up: Callable[[], bool] = lambda: False) -> None:
        """`until`, a `time.monotonic()`, is how long a call that is refused for load is tried again. `given_up` tells
        before each repetition whether the client waits for it no more."""
        self._id = connection_id
        self._until = until
        self._given_up = given_up

    def send(self, frame: str) -> None:
        """Sends one frame, in order after the ones before. Raises ReceiverGone, or TryAgain when time is up.

        A `chunk` that comes twice after a lost answer is ignored by the stock client: its sequence is not new.
        """
        data = frame.encode()
        self._call(lambda: client().post_to_connection(ConnectionId=self._id, Data=data))

    def close(self) -> None:
        """Closes the socket; one that is closed stays so. Raises TryAgain when time is up."""
        try:
            self._call(lambda: client().delete_connection(ConnectionId=self._id))
        except ReceiverGone:
            return

    def _call(self, request: Callable[[], object]) -> None:
        if time.monotonic() >= self._until:
            raise TryAgain("There is no time left.")
        with_retries(lambda: self._ask(request), self._until)

    def _ask(self, request: Callable[[], object]) -> None:
        try:
            request()
        except ClientError as error:
            status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
            if status == 410:
                raise ReceiverGone(self._id) from error
            if status == 429 or status >= 500:
                raise self._later(error) from error
            raise
        except BotoCoreError as error:
            raise self._later(error) from error

    def _later(self, error: Exception) -> TryAgain | ReceiverGone:
        return ReceiverGone(self._id) if self._given_up() else TryAgain(str(error))


@at_init
def client() -> "ApiGatewayManagementApiClient":
    """The SDK's client for `CALLBACK_URL`, made once; it keeps its connection."""
    callback_url = os.environ[Variable.CALLBACK_URL]
    return sdk_client("apigatewaymanagementapi", read_timeout=CALL_SECONDS, attempts=1, endpoint_url=callback_url)
