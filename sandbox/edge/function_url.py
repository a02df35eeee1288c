"""Function URLs: `{origin}/lambda-url/{url_id}/…` stands for `https://{url_id}.lambda-url.{region}.on.aws/…`.

A request for a function behind the Web Adapter goes to its web server; any other function is invoked with an event of
payload format 2.0. What it answers is the response.
https://docs.aws.amazon.com/lambda/latest/dg/urls-invocation.html
"""

import asyncio
import contextlib
import time
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from urllib.parse import quote

from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import BaseRoute, Route
from starlette.types import Receive, Scope, Send

from sandbox.edge.function_url_auth import Forbidden, authorize
from sandbox.edge.function_url_cors import is_preflight, preflight_headers, response_headers
from sandbox.edge.function_url_events import MalformedAnswer, answer_of, event_of
from sandbox.functions.errors import FunctionFailed, InvokeRefused, PayloadTooLarge
from sandbox.functions.ids import new_request_id, new_trace_id
from sandbox.functions.limits import REQUEST_BYTES
from sandbox.functions.service import FunctionService, WebRequest, WebResponse
from sandbox.functions.web_stream import StreamCut
from sandbox.iam.credentials import Credentials
from sandbox.world import ACCOUNT_ID, FunctionUrl, World

METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
HOP_BY_HOP = frozenset(
    {"connection", "keep-alive", "proxy-authenticate", "proxy-authorization", "te", "trailer", "transfer-encoding"}
    | {"upgrade", "expect"}
)
"""Headers of one connection, which no proxy hands on (https://www.rfc-editor.org/rfc/rfc9110#section-7.6.1)."""
REMAPPED = frozenset({"date", "server", "www-authenticate"})
"""Headers of the function that reach the client as `x-amzn-remapped-…`: Lambda keeps the names for itself."""
_PRINTABLE = "".join(map(chr, range(0x21, 0x7F))).replace("#", "")


def routes(world: World, functions: FunctionService, credentials: Credentials) -> list[BaseRoute]:
    """The routes of all function URLs of `world`; URLs that come later are served as well."""

    async def handle(request: Request) -> Response:
        url = world.function_urls.get(request.path_params["url_id"])
        if url is None:
            return _error(404, "ResourceNotFoundException", f"There is no function URL {request.url.path}")
        if url.cors is not None and is_preflight(request):
            return Response(status_code=200, headers=preflight_headers(url.cors, request))
        request_id, trace_id = new_request_id(), new_trace_id()
        response = await _answer(world, url, functions, credentials, request, request_id, trace_id)
        own = {"x-amzn-requestid": request_id, "x-amzn-trace-id": trace_id}
        if url.cors is not None:
            own |= response_headers(url.cors, request)
        # Added, not set: what the function sent under the same name stays beside it.
        response.raw_headers.extend((name.encode("latin-1"), value.encode("latin-1")) for name, value in own.items())
        return response

    return [Route("/lambda-url/{url_id}/{path:path}", handle, methods=list(METHODS))]


async def _answer(
    world: World,
    url: FunctionUrl,
    functions: FunctionService,
    credentials: Credentials,
    request: Request,
    request_id: str,
    trace_id: str,
) -> Response:
    try:
        body = await _body(request)
        authorizer = authorize(world, url, functions.callee(url.function_arn), credentials, request, body)
        web_request = _web_request(url, request, body, authorizer, request_id, trace_id, world.region)
        if functions.adapted(url.function_arn):
            streamed = url.invoke_mode == "RESPONSE_STREAM"
            return _FunctionResponse(await functions.web(url.function_arn, web_request, streamed=streamed))
        return await _invoked(functions, url.function_arn, web_request)
    except Forbidden as forbidden:
        return _error(403, forbidden.code, forbidden.message)
    except InvokeRefused as refused:
        return _error(refused.status, refused.code, refused.message)
    except ClientDisconnect:
        return Response(status_code=400)  # nobody reads it
    except (FunctionFailed, MalformedAnswer):
        return PlainTextResponse("Internal Server Error", 502)


async def _invoked(functions: FunctionService, function_arn: str, request: WebRequest) -> Response:
    """The answer of a function without a web server. Raises `InvokeRefused`, `MalformedAnswer`."""
    invocation = await functions.invoke(function_arn, event_of(request), request_id=request.request_id)
    if invocation.function_error is not None:
        raise MalformedAnswer(f"the function failed: {invocation.function_error}")
    answer = answer_of(invocation.payload)
    response = Response(answer.body, answer.status)
    length = [(name, value) for name, value in response.raw_headers if name == b"content-length"]
    response.raw_headers = [*_passed_on(answer.headers, {"content-length"}), *length]
    return response


async def _body(request: Request) -> bytes:
    """The body, read no further than Lambda takes it. Raises `PayloadTooLarge`."""
    body = bytearray()
    async for piece in request.stream():
        body += piece
        if len(body) > REQUEST_BYTES:
            raise PayloadTooLarge(REQUEST_BYTES)
    return bytes(body)


def _web_request(
    url: FunctionUrl,
    request: Request,
    body: bytes,
    authorizer: Mapping[str, object] | None,
    request_id: str,
    trace_id: str,
    region: str,
) -> WebRequest:
    raw_path: bytes = request.scope.get("raw_path") or quote(request.scope["path"]).encode()
    path = quote(raw_path.removeprefix(f"/lambda-url/{url.url_id}".encode()), safe=_PRINTABLE)
    query = quote(request.scope["query_string"], safe=_PRINTABLE)
    source_ip = request.client.host if request.client else "127.0.0.1"
    headers = {name: ",".join(request.headers.getlist(name)) for name in request.headers if name not in HOP_BY_HOP}
    headers |= {
        "x-forwarded-for": source_ip,
        "x-forwarded-port": str(request.url.port or 443),
        "x-forwarded-proto": request.url.scheme,
        "x-amzn-trace-id": trace_id,
    }
    now = datetime.now(UTC)
    context: dict[str, object] = {
        "accountId": "anonymous" if authorizer is None else ACCOUNT_ID,
        "apiId": url.url_id,
        "domainName": f"{url.url_id}.lambda-url.{region}.on.aws",
        "domainPrefix": url.url_id,
        "http": {
            "method": request.method,
            "path": path,
            "protocol": "HTTP/1.1",
            "sourceIp": source_ip,
            "userAgent": request.headers.get("user-agent", ""),
        },
        "requestId": request_id,
        "routeKey": "$default",
        "stage": "$default",
        "time": f"{now:%d/%b/%Y:%H:%M:%S +0000}",
        "timeEpoch": time.time_ns() // 1_000_000,
    }
    if authorizer is not None:
        context["authorizer"] = authorizer
    return WebRequest(
        method=request.method,
        target=f"{path}?{query}" if query else path,
        headers=tuple(headers.items()),
        body=body,
        context=context,
        request_id=request_id,
        trace_id=trace_id,
    )


def _error(status: int, code: str, message: str) -> Response:
    return JSONResponse({"Message": message}, status, headers={"x-amzn-errortype": code})


def _passed_on(headers: Iterable[tuple[bytes, bytes]], dropped: set[str]) -> list[tuple[bytes, bytes]]:
    """The function's headers as the client gets them."""
    lowered = [(name.lower(), value) for name, value in headers]
    return [
        (b"x-amzn-remapped-" + name if name.decode("latin-1") in REMAPPED else name, value)
        for name, value in lowered
        if name.decode("latin-1") not in HOP_BY_HOP | dropped
    ]


class _FunctionResponse(Response):
    """The function's answer, piece by piece. A client that goes away stops the sending, not the function."""

    def __init__(self, response: WebResponse) -> None:
        super().__init__(status_code=response.status)
        self._function = response
        self.raw_headers = _passed_on(response.headers, {"content-length"} if response.streamed else set[str]())

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002
        sending = asyncio.ensure_future(self._send(send))
        leaving = asyncio.ensure_future(_left(receive))
        try:
            await asyncio.wait({sending, leaving}, return_when=asyncio.FIRST_COMPLETED)
            if sending.done():
                sending.result()
        finally:
            self._function.body.abandon()
            sending.cancel()
            leaving.cancel()

    async def _send(self, send: Send) -> None:
        await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
        # Cut means cut: without its last message the server hangs up, and the client sees that the body is not whole.
        with contextlib.suppress(StreamCut):
            async for piece in self._function.body:
                await send({"type": "http.response.body", "body": piece, "more_body": True})
            await send({"type": "http.response.body", "body": b"", "more_body": False})


async def _left(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
