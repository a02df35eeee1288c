"""Ends the streams whose function died: invoked by a schedule, because no one is told when a function URL's dies.

The terminal parts go to the journal, where a resume finds them; the client's connection ended with the function.
"""

import os

from aws_lambda_powertools.utilities.typing import LambdaContext

from shared.contract.environment import Variable
from shared.init_phase import at_init
from shared.streams.reaper import Reaper
from shared.telemetry.log import logger
from shared.telemetry.reports import reports

reaper = at_init(Reaper.from_environment)


@reports.before_the_end
@logger.inject_lambda_context
def handler(_event: dict[str, object], _context: LambdaContext) -> None:
    """An EventBridge schedule. https://docs.aws.amazon.com/lambda/latest/dg/with-eventbridge-scheduler.html"""
    for reaped in reaper().sweep(os.environ[Variable.ARCHITECTURE]):
        ids = {"streamId": reaped.open.stream_id, "chatId": reaped.open.chat_id, "code": reaped.error.code}
        logger.warning("a stream whose function died was ended", extra=ids)
