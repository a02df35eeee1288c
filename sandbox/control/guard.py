"""The one way into the control interface: who may, a JSON object in, a JSON object out, errors in words."""

import hmac
import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import cast

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from sandbox.forms import Form, FormRefused

KEY_HEADER = "X-Sandbox-Key"
PREFIX = "/_sandbox"

Document = Mapping[str, object]
Answer = Callable[[Form], Awaitable[Document]]
"""What a subject does with the fields of a request; the answer's body. Raises FormRefused and NotNow."""


class NotNow(Exception):
    """What was asked for cannot be done by this sandbox, or not yet (409)."""


@dataclass(frozen=True)
class Guard:
    """Lets in those requests for which there is no `refusal`."""

    refusal: Callable[[Request], Awaitable[str | None]]
    """Why a request is not let in (403); None lets it in."""

    def route(self, method: str, path: str, answer: Answer, *, status: int = 200) -> Route:
        """A route below the prefix that answers with this status when all is well."""

        async def check_first(request: Request) -> Response:
            if (reason := await self.refusal(request)) is not None:
                return _error(403, reason)
            try:
                return JSONResponse(await answer(_form(await request.body())), status)
            except FormRefused as refusal:
                return _error(400, str(refusal))
            except NotNow as refusal:
                return _error(409, str(refusal))

        return Route(f"{PREFIX}{path}", check_first, methods=[method])


def with_key(key: str) -> Guard:
    """Lets only those in who know the key of the sandbox's state file."""

    async def refusal(request: Request) -> str | None:
        given = request.headers.get(KEY_HEADER, "")
        if hmac.compare_digest(given.encode(), key.encode()):
            return None
        return f"the header {KEY_HEADER} must hold the controlKey of the sandbox's state file"

    return Guard(refusal)


def _form(body: bytes) -> Form:
    try:
        document: object = json.loads(body or b"{}")
    except (ValueError, RecursionError):
        document = None
    if not isinstance(document, dict):
        raise FormRefused("the body is not a JSON object")
    return Form(cast("dict[str, object]", document))


def _error(status: int, message: str) -> Response:
    return JSONResponse({"message": message}, status)
