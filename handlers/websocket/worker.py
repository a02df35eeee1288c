"""The worker of the WebSocket architecture: brings the parts of a stream to a client's connection.

It generates, or (for a `resume`) it reads what is generated elsewhere.
"""

import time
from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from handlers.websocket.connection import Connection
from handlers.websocket.delivery import FrameDelivery
from handlers.websocket.follower import Follower
from shared.generation.worker import Worker
from shared.init_phase import at_init
from shared.streams.readers import Reader
from shared.telemetry.log import logger
from shared.telemetry.reports import reports

worker = at_init(lambda: Worker.from_environment(parts_at_once=1))  # a frame holds one part
follower = at_init(Follower.from_environment)


@reports.before_the_end
@logger.inject_lambda_context(correlation_id_path="stream.correlationId || tail.correlationId")
def handler(event: dict[str, Any], context: LambdaContext) -> None:
    """An event of the routes, asynchronously: `{"connectionId", "connectedAt", "requestId"}` and what is to be done.

    `"stream", "startBy"` to generate, `"tail"` (see Follower) to read.
    """
    ends_at = time.monotonic() + context.get_remaining_time_in_millis() / 1000
    connection_id, request_id, connected_at = event["connectionId"], event["requestId"], event["connectedAt"]
    if "tail" in event:
        tail, reader = event["tail"], Reader(event["tail"]["owner"], connection_id, request_id)
        connection = Connection(connection_id, ends_at, given_up=lambda: follower().is_dropped(reader))
        delivery = FrameDelivery(connection, request_id, tail["streamId"], connected_at)
        follower().follow(reader, tail, delivery, ends_at)
    else:
        connection = Connection(connection_id, ends_at)
        worker().work(event, FrameDelivery(connection, request_id, event["stream"]["streamId"], connected_at), ends_at)
