"""What the page's own origin serves: the bundle, `/config.json`, and the faults for its buttons.

The page learns at run time which stack it speaks to: `/config.json` holds the stack's outputs, and under `sandbox` what
only a sandbox has. Page and headers are those of `shared.contract.page`, as on AWS.
"""

import html
from collections.abc import Callable, Sequence
from urllib.parse import urlsplit

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import FileResponse, HTMLResponse, JSONResponse, PlainTextResponse, Response
from starlette.routing import BaseRoute, Route
from starlette.types import ASGIApp, Receive, Scope, Send

from sandbox.control.guard import PREFIX
from sandbox.page.builder import Builder
from shared.contract.page import CONFIGURATION, HEADERS, INDEX, Outputs, cache_control, configuration, with_policy

BUILDING = """<!doctype html><html lang="en"><meta charset="utf-8"><meta http-equiv="refresh" content="1">
<title>streamways</title><p>The page is being built. The first time takes up to a minute."""
FAILED = """<!doctype html><html lang="en"><meta charset="utf-8"><title>streamways</title>
<p>There is no page: {reason}. Everything else of the sandbox works."""


class Page:
    """The page of one sandbox, at `origin`. Set `outputs` when the program has run."""

    def __init__(
        self, builder: Builder, origin: str, usernames: Callable[[], Sequence[str]], control: Sequence[BaseRoute]
    ) -> None:
        self.origin = origin
        self.outputs: Outputs = {}
        self._builder = builder
        self._usernames = usernames
        routes = [
            *control,
            Route(f"{PREFIX}/page", self._state),
            Route(f"/{CONFIGURATION}", self._config),
            Route("/{path:path}", self._file),
        ]
        self.application = Starlette(routes=routes, middleware=[Middleware(OnlyAt, urlsplit(origin).netloc)])

    async def _state(self, _request: Request) -> Response:
        """`{"ready", "problem"}`; the first call has the page built."""
        ready = self._builder.bundle() is not None
        return JSONResponse({"ready": ready, "problem": self._builder.problem}, headers={"cache-control": "no-store"})

    async def _config(self, _request: Request) -> Response:
        sandbox = {"users": list(self._usernames())}
        return JSONResponse({**configuration(self.outputs), "sandbox": sandbox}, headers={"cache-control": "no-store"})

    async def _file(self, request: Request) -> Response:
        bundle = self._builder.bundle()
        if bundle is None:
            return self._no_page()
        root = bundle.resolve()
        file = (root / (request.path_params["path"] or INDEX)).resolve()
        if not (file.is_relative_to(root) and file.is_file()):
            return PlainTextResponse("There is no such file.", 404)
        path = file.relative_to(root).as_posix()
        headers = {**HEADERS, "cache-control": cache_control(path)}
        if path == INDEX:
            return HTMLResponse(with_policy(file.read_text(encoding="utf-8"), self.outputs), headers=headers)
        return FileResponse(file, headers=headers)

    def _no_page(self) -> Response:
        headers = {"cache-control": "no-store"}
        if (reason := self._builder.problem) is not None:
            return HTMLResponse(FAILED.format(reason=html.escape(reason)), 502, headers)
        return HTMLResponse(BUILDING, 503, {**headers, "retry-after": "1"})


class OnlyAt:
    """Answers requests to its own host alone: a foreign name that leads to loopback is not the page's origin."""

    def __init__(self, application: ASGIApp, host: str) -> None:
        self._application = application
        self._host = host

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and Request(scope).headers.get("host") != self._host:
            answer = PlainTextResponse(f"The page is at {scope['scheme']}://{self._host}.", 421)
            return await answer(scope, receive, send)
        return await self._application(scope, receive, send)
