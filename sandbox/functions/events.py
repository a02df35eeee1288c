"""Asynchronous invocations: tried until they succeed, run out of retries or grow too old, then told to a destination.

https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-error-handling.html
https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-retain-records.html
"""

import asyncio
import json
import logging
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from sandbox.functions.errors import FunctionNotFound, InvokeRefused, TooManyRequests
from sandbox.functions.limits import Limits
from sandbox.iam.policies import role_allows
from sandbox.world import LATEST, Callee, World

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Invocation:
    """Result of a synchronous invocation."""

    request_id: str
    payload: bytes
    """JSON the function returned, or the error document `{"errorMessage", "errorType", …}`."""
    function_error: str | None
    """`Unhandled` when the function failed, timed out or crashed."""
    executed_version: str = LATEST


class Events:
    """Delivers events. `invoke` runs one attempt; `send` puts a destination's record in its function's queue.

    Both take an ARN: which version an alias runs is asked anew for each attempt.
    """

    def __init__(
        self,
        world: World,
        limits: Limits,
        invoke: Callable[[str, str, bytes], Awaitable[Invocation]],
        send: Callable[[str, bytes], str],
    ) -> None:
        self._world = world
        self._limits = limits
        self._invoke = invoke
        self._send = send

    async def deliver(self, callee: Callee, request_id: str, payload: bytes) -> None:
        """All attempts of one event, each under the same request id."""
        config, limits = callee.named.event_invoke, self._limits
        scale = limits.time_scale
        expires = time.monotonic() + config.maximum_event_age_seconds * scale
        throttle_wait, longest = limits.throttle_seconds
        attempts = 0
        last: Invocation | None = None
        while True:
            try:
                last = await self._invoke(callee.arn, request_id, payload)
            except FunctionNotFound:
                _log.warning("An event of %s was dropped: it is not there any more.", callee.arn)
                return None
            except TooManyRequests:
                wait = throttle_wait * scale
                throttle_wait = min(throttle_wait * 2, longest)
            else:
                attempts += 1
                if last.function_error is None:
                    return self._tell(callee, config.on_success, "Success", request_id, payload, attempts, last)
                if attempts > config.maximum_retry_attempts:
                    return self._tell(
                        callee, config.on_failure, "RetriesExhausted", request_id, payload, attempts, last
                    )
                wait = limits.retry_seconds[min(attempts, len(limits.retry_seconds)) - 1] * scale
            left = expires - time.monotonic()
            await asyncio.sleep(min(wait, max(left, 0)))
            if wait >= left:
                _log.warning("An event of %s was dropped: it is over its age limit.", callee.arn)
                return self._tell(callee, config.on_failure, "EventAgeExceeded", request_id, payload, attempts, last)

    async def give_up(self, callee: Callee, request_id: str, payload: bytes) -> None:
        """No attempt at all: the event has grown too old in the queue."""
        self._tell(callee, callee.named.event_invoke.on_failure, "EventAgeExceeded", request_id, payload, 0, None)

    def _tell(
        self,
        callee: Callee,
        destination: str | None,
        condition: str,
        request_id: str,
        payload: bytes,
        attempts: int,
        last: Invocation | None,
    ) -> None:
        if destination is None:
            return
        role = callee.function.role_arn
        if not role_allows(self._world, role, "lambda:InvokeFunction", destination):
            _log.warning("%s may not lambda:InvokeFunction its destination %s.", role, destination)
            return
        record: dict[str, object] = {
            "version": "1.0",
            "timestamp": f"{datetime.now(UTC).isoformat(timespec='milliseconds').removesuffix('+00:00')}Z",
            "requestContext": {
                "requestId": request_id,
                "functionArn": f"{callee.arn}:{LATEST}" if callee.named is callee.function else callee.arn,
                "condition": condition,
                "approximateInvokeCount": attempts,
            },
            "requestPayload": json.loads(payload),
        }
        if last is not None:
            context: dict[str, object] = {"statusCode": 200, "executedVersion": last.executed_version}
            if last.function_error is not None:
                context["functionError"] = last.function_error
            record |= {"responseContext": context, "responsePayload": json.loads(last.payload)}
        try:
            self._send(destination, json.dumps(record).encode())
        except InvokeRefused as refused:
            _log.warning("The result of an event of %s did not reach %s: %s", callee.arn, destination, refused)
