"""`{origin}/_sandbox`: what a sandbox tells and does for the command line and tests, beside the AWS that it plays."""

import hmac
import json
from collections.abc import Awaitable, Callable
from dataclasses import asdict, dataclass
from typing import Any, cast

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from sandbox.aws.bedrock import ModelEmulator
from sandbox.aws.demo_users import DemoUsers
from sandbox.aws.model_faults import read_fault
from sandbox.options import ModelPace

KEY_HEADER = "X-Sandbox-Key"
PREFIX = "/_sandbox"

_Answer = Callable[[Request], Awaitable[Response]]


@dataclass
class Control:
    """The control interface of one sandbox. `users` is there once the program has a user pool."""

    key: str
    model: ModelEmulator
    request_stop: Callable[[], None]
    ready: bool = False
    users: DemoUsers | None = None

    def routes(self) -> list[BaseRoute]:
        """The routes of an application that serves `{origin}/_sandbox`."""
        return [
            Route(f"{PREFIX}/health", self._health, methods=["GET"]),
            self._guarded("/token", self._token, "POST"),
            self._guarded("/model", self._model, "PUT"),
            self._guarded("/model/fault", self._fault, "PUT"),
            self._guarded("/model/fault", self._no_fault, "DELETE"),
            self._guarded("/model/calls", self._calls, "GET"),
            self._guarded("/stop", self._stop, "POST"),
        ]

    def _guarded(self, path: str, answer: _Answer, method: str) -> Route:
        async def check_first(request: Request) -> Response:
            given = request.headers.get(KEY_HEADER, "")
            if not hmac.compare_digest(given.encode(), self.key.encode()):
                return _error(403, f"the header {KEY_HEADER} must hold the controlKey of the sandbox's state file")
            return await answer(request)

        return Route(f"{PREFIX}{path}", check_first, methods=[method])

    async def _health(self, _request: Request) -> Response:
        return JSONResponse({"ready": self.ready}, 200 if self.ready else 503)

    async def _token(self, request: Request) -> Response:
        if self.users is None:
            return _error(409, "the program has no user pool with an app client that allows ADMIN_USER_PASSWORD_AUTH")
        tier = (await _object(request)).get("tier")
        try:
            return JSONResponse({"accessToken": await self.users.access_token(str(tier))})
        except KeyError:
            return _error(400, f"tier is {tier!r}, allowed are {', '.join(user.tier for user in self.users.all)}")

    async def _model(self, request: Request) -> Response:
        given = await _object(request)
        names = {"firstTokenMs": "first_token_ms", "tokensPerSecond": "tokens_per_second"}
        unknown = set(given) - set(names)
        if unknown or not all(
            isinstance(value, (int, float)) and not isinstance(value, bool) for value in given.values()
        ):
            return _error(400, f"the body is {given!r}, allowed are the numbers {' and '.join(names)}")
        try:
            self.model.pace = ModelPace(
                **{**asdict(self.model.pace), **{names[key]: value for key, value in given.items()}}
            )
        except ValueError as error:
            return _error(400, str(error))
        pace = self.model.pace
        return JSONResponse({"firstTokenMs": pace.first_token_ms, "tokensPerSecond": pace.tokens_per_second})

    async def _fault(self, request: Request) -> Response:
        try:
            fault, calls = read_fault(await _object(request))
        except ValueError as error:
            return _error(400, str(error))
        self.model.faults.expect(fault, calls)
        return JSONResponse({"fault": fault.kind, "calls": calls})

    async def _no_fault(self, _request: Request) -> Response:
        self.model.faults.clear()
        return JSONResponse({"fault": None, "calls": 0})

    async def _calls(self, _request: Request) -> Response:
        return JSONResponse({"calls": [call.document() for call in self.model.calls]})

    async def _stop(self, _request: Request) -> Response:
        self.request_stop()
        return JSONResponse({"stopping": True}, 202)


async def _object(request: Request) -> dict[str, Any]:
    try:
        document: object = json.loads(await request.body())
    except ValueError:
        return {}
    return cast("dict[str, Any]", document) if isinstance(document, dict) else {}


def _error(status: int, message: str) -> Response:
    return JSONResponse({"message": message}, status)
