"""Sinks are told before a response ends: the invocation ends with it, and Lambda freezes the function."""

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from handlers.http.environment import Invocation
from shared.telemetry.reports import Reports, finished_within


class Reported:
    """An app whose responses end when the sinks are told, or their time is over. A stream's parts wait for no sink."""

    def __init__(self, app: ASGIApp, reports: Reports) -> None:
        self._app = app
        self._reports = reports

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Holds back the last message of a body alone, which is empty when a stream ends. The Web Adapter's readiness
        check is no invocation."""

        async def told(message: Message) -> None:
            last = message["type"] == "http.response.body" and not message.get("more_body", False)
            if last and "x-amzn-lambda-context" in Request(scope).headers:
                await run_in_threadpool(self._reports.finish, finished_within(Invocation.of(Request(scope)).ends_at))
            await send(message)

        await self._app(scope, receive, told)
