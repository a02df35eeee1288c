"""The reaper of the WebSocket architecture: ends the streams whose worker died, and tells their clients.

Lambda gives it the worker's event when an invocation failed
(https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-retain-records.html), and a schedule wakes it for what
Lambda does not report.
"""

import os
import time
from collections.abc import Mapping
from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from handlers.websocket import frames
from handlers.websocket.connection import Connection
from shared.contract.environment import Variable
from shared.errors import Internal, StreamwaysError
from shared.generation.delivery import ReceiverGone
from shared.init_phase import at_init
from shared.streams.reaper import Reaped, Reaper
from shared.telemetry.log import logger
from shared.telemetry.reports import reports

TELLING_SECONDS = 5.0
"""How long one client is tried: others wait."""


reaper = at_init(Reaper.from_environment)


@reports.before_the_end
@logger.inject_lambda_context
def handler(event: dict[str, Any], _context: LambdaContext) -> None:
    """A record of a failed invocation, with the worker's event as `requestPayload`, or an event of the schedule."""
    failed = event.get("requestPayload")
    if failed is None:
        for reaped in reaper().sweep(os.environ[Variable.ARCHITECTURE]):
            _tell_owner(reaped)
    elif "tail" in failed:
        _tell(failed["connectionId"], failed["requestId"], Internal())
    elif reaped := reaper().of_event(failed):
        _tell_owner(reaped)


def _tell_owner(reaped: Reaped) -> None:
    """The client that started the stream; those that resumed it read its end in the journal."""
    address: Mapping[str, str] = reaped.open.address
    _tell(address["connectionId"], address["requestId"], reaped.error)


def _tell(connection_id: str, request_id: str, error: StreamwaysError) -> None:
    """An `error` frame, never a chunk: what the worker sent last is not known, and a gap would cost the socket."""
    try:
        Connection(connection_id, time.monotonic() + TELLING_SECONDS).send(frames.error(request_id, error))
    except ReceiverGone:
        logger.info("the connection is gone")
    except Exception:
        logger.exception("the client could not be told")
