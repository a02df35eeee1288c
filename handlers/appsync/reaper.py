"""Ends the streams whose worker died, and publishes how they ended, so that subscribers do not wait for more.

Invoked as the worker's on-failure destination, and every minute for what that one did not learn of:
https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-retain-records.html
https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-run-lambda-schedule.html
"""

import os
import time
from collections.abc import Iterable, Mapping
from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from handlers.appsync.publish import publish
from shared.contract.environment import Variable
from shared.init_phase import at_init
from shared.streams.reaper import Reaped, Reaper
from shared.telemetry.log import logger
from shared.telemetry.reports import reports

PUBLISH_WITHIN_SECONDS = 5.0
"""How long one publish is tried: what subscribers are not told, they read in the journal; other streams wait."""


reaper = at_init(Reaper.from_environment)


@reports.before_the_end
@logger.inject_lambda_context(correlation_id_path="requestPayload.stream.correlationId")
def handler(event: dict[str, Any], _context: LambdaContext) -> None:
    """The record of a failed invocation of the worker, or a scheduled event."""
    for reaped in _reaped(event):
        _tell(reaped)


def _reaped(event: Mapping[str, Any]) -> Iterable[Reaped]:
    if event.get("detail-type") == "Scheduled Event":
        return reaper().sweep(os.environ[Variable.ARCHITECTURE])
    reaped = reaper().of_event(event["requestPayload"])
    return [reaped] if reaped else []


def _tell(reaped: Reaped) -> None:
    stream = reaped.open
    try:
        publish(stream, reaped.terminal, time.monotonic() + PUBLISH_WITHIN_SECONDS)
    except Exception:  # others wait
        logger.exception("subscribers could not be told", extra={"streamId": stream.stream_id})
