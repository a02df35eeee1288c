"""What the page's own origin serves: the bundle, `/config.json`, and the faults for its buttons.

The page learns at run time which stack it speaks to: `/config.json` holds the stack's outputs, and under `sandbox` what
only a sandbox has. It is served with headers that let it load its own files and reach the stack, and nothing else.
"""

import html
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import FileResponse, HTMLResponse, JSONResponse, PlainTextResponse, Response
from starlette.routing import BaseRoute, Route
from starlette.types import ASGIApp, Receive, Scope, Send

from sandbox.control.guard import PREFIX
from sandbox.page.builder import Builder

FOR_EVER = "public, max-age=31536000, immutable"
"""Of the files whose names hold a hash of what is in them."""
BUILDING = """<!doctype html><html lang="en"><meta charset="utf-8"><meta http-equiv="refresh" content="1">
<title>streamways</title><p>The page is being built. The first time takes up to a minute."""
FAILED = """<!doctype html><html lang="en"><meta charset="utf-8"><title>streamways</title>
<p>There is no page: {reason}. Everything else of the sandbox works."""

SCHEMES = ("http", "https", "ws", "wss")
"""Of addresses that a page connects to."""

Outputs = Mapping[str, Any]


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
            Route("/config.json", self._config),
            Route("/{path:path}", self._file),
        ]
        self.application = Starlette(routes=routes, middleware=[Middleware(OnlyAt, urlsplit(origin).netloc)])

    async def _state(self, _request: Request) -> Response:
        """`{"ready", "problem"}`; the first call has the page built."""
        ready = self._builder.bundle() is not None
        return JSONResponse({"ready": ready, "problem": self._builder.problem}, headers={"cache-control": "no-store"})

    async def _config(self, _request: Request) -> Response:
        sandbox = {"users": list(self._usernames())}
        return JSONResponse({**self.outputs, "sandbox": sandbox}, headers={"cache-control": "no-store"})

    async def _file(self, request: Request) -> Response:
        bundle = self._builder.bundle()
        if bundle is None:
            return self._no_page()
        path = request.path_params["path"] or "index.html"
        file = (bundle / path).resolve()
        if not (file.is_relative_to(bundle.resolve()) and file.is_file()):
            return PlainTextResponse("There is no such file.", 404)
        return FileResponse(file, headers=self._headers(file, path))

    def _no_page(self) -> Response:
        headers = {"cache-control": "no-store"}
        if (reason := self._builder.problem) is not None:
            return HTMLResponse(FAILED.format(reason=html.escape(reason)), 502, headers)
        return HTMLResponse(BUILDING, 503, {**headers, "retry-after": "1"})

    def _headers(self, file: Path, path: str) -> dict[str, str]:
        named_by_content = path.startswith("assets/")
        headers = {"cache-control": FOR_EVER if named_by_content else "no-cache"}
        return headers | (security_headers(self.outputs) if file.suffix == ".html" else {})


def security_headers(outputs: Outputs) -> dict[str, str]:
    """What a browser is to allow the page: its own files, and connections to the stack alone."""
    addresses = [urlsplit(value) for value in outputs.values() if isinstance(value, str)]
    stack = sorted({f"{one.scheme}://{one.netloc}" for one in addresses if one.scheme in SCHEMES})
    policy = {
        "default-src": "'none'",
        "script-src": "'self'",
        "style-src": "'self'",
        "img-src": "'self' data:",
        "font-src": "'self'",
        "connect-src": " ".join(["'self'", *stack]),
        "base-uri": "'none'",
        "form-action": "'none'",
        "frame-ancestors": "'none'",
    }
    return {
        "content-security-policy": "; ".join(f"{name} {value}" for name, value in policy.items()),
        "x-content-type-options": "nosniff",
        "referrer-policy": "no-referrer",
        "cross-origin-opener-policy": "same-origin",
        "permissions-policy": "camera=(), geolocation=(), microphone=()",
    }


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
