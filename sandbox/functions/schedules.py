"""EventBridge's scheduled rules: each firing is an asynchronous invocation of the rule's targets.

https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-run-lambda-schedule.html
"""

import asyncio
import json
import logging
from collections.abc import Callable
from datetime import UTC, datetime

from sandbox.functions.errors import InvokeRefused
from sandbox.functions.ids import new_request_id
from sandbox.functions.limits import Limits
from sandbox.iam.policies import function_allows
from sandbox.world import ACCOUNT_ID, Callee, Schedule, World

PRINCIPAL = "events.amazonaws.com"

_log = logging.getLogger(__name__)


class Schedules:
    """Fires the rules of `world`. `send` invokes a function, by its ARN, without waiting for it; `busy` tells, by its
    name, whether one is at work."""

    def __init__(
        self,
        world: World,
        limits: Limits,
        send: Callable[[str, bytes], str],
        busy: Callable[[str], bool] = lambda _: False,
    ) -> None:
        self._world = world
        self._limits = limits
        self._send = send
        self._busy = busy
        self._changed = asyncio.Event()

    async def run(self) -> None:
        """Fire each rule once a period, the first time after one, until cancelled."""
        async with asyncio.TaskGroup() as rules:
            running: dict[tuple[str, int], asyncio.Task[None]] = {}
            while True:
                self._changed.clear()
                wanted = {(rule.name, rule.period_seconds) for rule in tuple(self._world.schedules.values())}
                for rule in running.keys() - wanted:
                    running.pop(rule).cancel()
                for rule in wanted - running.keys():
                    running[rule] = rules.create_task(self._repeat(*rule))
                await self._changed.wait()

    def apply(self) -> None:
        """Take note of rules that have come, gone or got another period."""
        self._changed.set()

    async def _repeat(self, name: str, period_seconds: int) -> None:
        loop = asyncio.get_running_loop()
        due = loop.time()
        while True:
            due = max(due + period_seconds * self._limits.time_scale, loop.time())
            await asyncio.sleep(due - loop.time())
            schedule = self._world.schedules.get(name)
            if schedule is not None:
                self._fire(schedule)

    def _fire(self, schedule: Schedule) -> None:
        event = json.dumps(
            {
                "version": "0",
                "id": new_request_id(),
                "detail-type": "Scheduled Event",
                "source": "aws.events",
                "account": ACCOUNT_ID,
                "time": f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}",
                "region": self._world.region,
                "resources": [schedule.arn],
                "detail": {},
            }
        ).encode()
        for arn in tuple(schedule.targets.values()):
            try:
                self._invoke(schedule, self._world.callee(arn), event)
            except KeyError:
                _log.warning("The rule %s did not reach %s: there is no such function.", schedule.name, arn)

    def _invoke(self, schedule: Schedule, callee: Callee, event: bytes) -> None:
        """Whoever is refused learns it from a metric (`FailedInvocations`) alone, as on AWS; here from the log."""
        if not function_allows(callee, "lambda:InvokeFunction", principal=PRINCIPAL, source_arn=schedule.arn):
            _log.warning(
                "The rule %s may not invoke %s: it needs a permission for %s with the rule's ARN as its source.",
                schedule.name,
                callee.arn,
                PRINCIPAL,
            )
            return
        if self._limits.time_scale < 1 and self._busy(callee.function.name):
            return  # a clock that runs fast makes the function no faster: each firing would start one more process
        try:
            self._send(callee.arn, event)
        except InvokeRefused as refused:
            _log.warning("The rule %s did not reach %s: %s", schedule.name, callee.arn, refused)
