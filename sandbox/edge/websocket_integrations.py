"""Calls from a WebSocket API to the functions behind it: permission, time limit, form of the answer."""

import asyncio
import json
import logging
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, cast

from sandbox.edge.connections import WebSocketLimits
from sandbox.edge.websocket_events import Document
from sandbox.functions.service import FunctionService, Invocation, InvokeRefused, TooManyStarts
from sandbox.iam.policies import function_allows
from sandbox.world import ACCOUNT_ID, WebSocketApi, World

PROXY_RESPONSE_KEYS = frozenset({"statusCode", "headers", "multiValueHeaders", "body", "isBase64Encoded"})
"""Any other key makes the response malformed
(https://docs.aws.amazon.com/apigateway/latest/developerguide/set-up-lambda-proxy-integrations.html)."""

log = logging.getLogger(__name__)


class IntegrationFailed(Exception):
    """API Gateway's own error: `status` answers a handshake, `message` stands in the frame that answers a message."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.message = message


@dataclass(frozen=True)
class ProxyResponse:
    """What a function behind an AWS_PROXY integration answered."""

    status: int
    headers: Mapping[str, str]

    def header(self, name: str) -> str | None:
        """One header, whatever its case."""
        return next((value for key, value in self.headers.items() if key.lower() == name.lower()), None)


class Integrations:
    """Invokes the functions of WebSocket APIs as API Gateway does."""

    def __init__(self, world: World, functions: FunctionService, limits: WebSocketLimits) -> None:
        self._world = world
        self._functions = functions
        self._limits = limits
        self._invocations: set[asyncio.Task[Invocation]] = set()

    def arn(self, api_id: str, path: str) -> str:
        """ARN of a route (`live/$connect`) or an authorizer (`authorizers/…`) of an API."""
        return f"arn:aws:execute-api:{self._world.region}:{ACCOUNT_ID}:{api_id}/{path}"

    async def authorize(self, api: WebSocketApi, authorizer_id: str, event: Document) -> Invocation:
        """Ask an authorizer's function. Raises IntegrationFailed."""
        authorizer = api.authorizers[authorizer_id]
        source_arn = self.arn(api.api_id, f"authorizers/{authorizer_id}")
        return await self._invoke(authorizer.function_arn, source_arn, event, self._limits.integration_seconds)

    async def run(self, api: WebSocketApi, stage: str, route_key: str, event: Document) -> ProxyResponse:
        """Run the integration of a route. Raises IntegrationFailed."""
        integration = api.integrations[api.routes[route_key].integration_id]
        seconds = min(integration.timeout_milliseconds / 1000, self._limits.integration_seconds)
        source_arn = self.arn(api.api_id, f"{stage}/{route_key}")
        invocation = await self._invoke(integration.function_arn, source_arn, event, seconds)
        if invocation.function_error is not None:
            raise _failed(502, "%s: the function failed", source_arn)
        return _proxy_response(invocation.payload, source_arn)

    async def _invoke(self, function_arn: str, source_arn: str, event: Document, seconds: float) -> Invocation:
        try:
            callee = self._world.callee(function_arn)
        except KeyError:
            raise _failed(500, "%s: there is no function %s", source_arn, function_arn) from None
        if not function_allows(
            callee, "lambda:InvokeFunction", principal="apigateway.amazonaws.com", source_arn=source_arn
        ):
            message = "%s: no permission of %s lets apigateway.amazonaws.com invoke it from there"
            raise _failed(500, message, source_arn, callee.arn)
        # The time limit is the caller's: the function itself runs on.
        task = asyncio.create_task(self._functions.invoke(callee.arn, json.dumps(event).encode()))
        self._invocations.add(task)
        task.add_done_callback(self._ended)
        await asyncio.wait({task}, timeout=seconds)
        if not task.done():
            log.error("%s: no answer within %.3g seconds", source_arn, seconds)
            raise IntegrationFailed(504, "Endpoint request timed out")
        try:
            return task.result()
        except TooManyStarts:
            # AWS would have started the function. What this machine cannot bear is told as API Gateway's own throttle.
            log.warning("%s: no environment of %s could start in time", source_arn, callee.arn)
            raise IntegrationFailed(429, "Too Many Requests") from None
        except InvokeRefused as refusal:
            # https://docs.aws.amazon.com/lambda/latest/dg/services-apigateway-errors.html
            raise _failed(500, "%s: %s", source_arn, refusal) from None

    def _ended(self, task: asyncio.Task[Invocation]) -> None:
        self._invocations.discard(task)
        if not task.cancelled():
            # Asked for, so that asyncio does not report what nobody waited for any more.
            task.exception()


def _proxy_response(payload: bytes, source_arn: str) -> ProxyResponse:
    try:
        document: object = json.loads(payload)
    except (ValueError, RecursionError):
        document = None
    if not isinstance(document, dict):
        raise _failed(502, "%s: malformed proxy response, not a JSON object", source_arn)
    response = cast("dict[str, Any]", document)
    if unknown := response.keys() - PROXY_RESPONSE_KEYS:
        names = ", ".join(sorted(unknown))
        raise _failed(502, "%s: malformed proxy response, API Gateway does not know %s in it", source_arn, names)
    status: object = response.get("statusCode")
    if isinstance(status, str) and status.isdecimal():
        status = int(status)
    if not isinstance(status, int) or not 200 <= status <= 599:
        raise _failed(502, "%s: malformed proxy response, statusCode is %r", source_arn, status)
    headers: object = response.get("headers") or {}
    if not isinstance(headers, dict):
        raise _failed(502, "%s: malformed proxy response, headers is not an object", source_arn)
    return ProxyResponse(status, {name: str(value) for name, value in cast("dict[str, object]", headers).items()})


def _failed(status: int, reason: str, *values: object) -> IntegrationFailed:
    log.error(reason, *values)
    return IntegrationFailed(status, "Internal server error")
