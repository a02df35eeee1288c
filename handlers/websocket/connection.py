"""Sends frames to one connection through API Gateway's `@connections`.

https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-how-to-call-websocket-api-connections.html
"""

import os
from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError

from shared.aws import client as sdk_client
from shared.init_phase import at_init
from shared.stream.delivery import ReceiverGone, TryAgain, with_retries

if TYPE_CHECKING:
    from mypy_boto3_apigatewaymanagementapi import ApiGatewayManagementApiClient


class Connection:
    """One client's socket."""

    def __init__(self, connection_id: str, until: float) -> None:
        """`until`, a `time.monotonic()`, is how long a frame that is refused for load is tried again."""
        self._id = connection_id
        self._until = until

    def send(self, frame: str) -> None:
        """Sends one frame, in order after the ones before. Raises ReceiverGone, or TryAgain when time is up.

        A `chunk` that comes twice after a lost answer is ignored by the stock client: its sequence is not new.
        """
        with_retries(lambda: self._post(frame.encode()), self._until)

    def _post(self, data: bytes) -> None:
        try:
            client().post_to_connection(ConnectionId=self._id, Data=data)
        except ClientError as error:
            status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
            if status == 410:
                raise ReceiverGone(self._id) from error
            if status == 429 or status >= 500:
                raise TryAgain(str(error)) from error
            raise
        except BotoCoreError as error:
            raise TryAgain(str(error)) from error


@at_init
def client() -> "ApiGatewayManagementApiClient":
    """The SDK's client for `CALLBACK_URL`, made once; it keeps its connection."""
    return sdk_client("apigatewaymanagementapi", read_timeout=5, attempts=1, endpoint_url=os.environ["CALLBACK_URL"])
