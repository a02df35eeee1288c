"""`POST /api/chat`: admission and generation in one invocation, the answer as server-sent events.

https://docs.aws.amazon.com/lambda/latest/dg/urls-configuration.html
https://github.com/aws/aws-lambda-web-adapter

Refusals are real HTTP statuses, given before the first byte of the stream, with `{"error": {"code", "message"}}`.
"""

import json
import os
import time
from dataclasses import dataclass
from functools import partial

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from handlers.function_url import sse
from handlers.function_url.bearer import bearer
from shared.auth.tokens import TokenVerifier
from shared.errors import Internal, StreamwaysError, TooLarge
from shared.init_phase import at_init
from shared.models.bedrock import BedrockModel
from shared.protocol.request import MAX_REQUEST_BYTES, ChatRequest, identifier
from shared.stream.outbox import Outbox
from shared.stream.registry import StreamRegistry
from shared.stream.run import StreamRun
from shared.stream.start import StreamStart, new_stream_id
from shared.telemetry.log import logger


@dataclass(frozen=True)
class Core:
    """What an environment keeps between requests."""

    verifier: TokenVerifier
    model: BedrockModel
    registry: StreamRegistry
    max_output_tokens: int


@at_init
def core() -> Core:
    """The environment's one."""
    return Core(
        TokenVerifier.from_environment(),
        BedrockModel.from_environment(),
        StreamRegistry.from_environment(),
        int(os.environ["MODEL_MAX_OUTPUT_TOKENS"]),
    )


@dataclass(frozen=True)
class Invocation:
    """What the Web Adapter tells of the invocation behind a request, in headers that a client cannot set."""

    request_id: str
    ends_at: float
    """When the function's time is over, as `time.monotonic()`."""

    @classmethod
    def of(cls, request: Request) -> "Invocation":
        """Reads `x-amzn-lambda-context` and `x-amzn-request-context`."""
        function = json.loads(request.headers["x-amzn-lambda-context"])
        url = json.loads(request.headers["x-amzn-request-context"])
        return cls(url["requestId"], time.monotonic() + function["deadline"] / 1000 - time.time())


async def chat(request: Request) -> Response:
    """Admits a chat request and streams its answer."""
    invocation = Invocation.of(request)
    user = await run_in_threadpool(core().verifier.verify, bearer(request.headers.get("authorization")))
    chat_request = ChatRequest.parse(await _body(request))
    key = request.headers.get("idempotency-key")
    stream_id = new_stream_id() if key is None else identifier(key, "The Idempotency-Key")
    register = partial(core().registry.register, user.sub, stream_id, chat_request.chat_id, state="running")
    await run_in_threadpool(register)
    start = StreamStart(user.sub, stream_id, chat_request, core().max_output_tokens, invocation.request_id)
    outbox = Outbox()
    run = StreamRun(
        start,
        model=core().model,
        registry=core().registry,
        outbox=outbox,
        ends_at=invocation.ends_at,
    )
    run.begin()
    return StreamingResponse(sse.events(outbox), headers={**sse.HEADERS, "x-streamways-stream": start.stream_id})


async def _body(request: Request) -> bytes:
    body = b""
    async for piece in request.stream():
        body += piece
        if len(body) > MAX_REQUEST_BYTES:
            raise TooLarge(f"The request has more than {MAX_REQUEST_BYTES} bytes.")
    return body


async def health(_: Request) -> Response:
    """The Web Adapter's readiness check: cheap, and open to anyone."""
    return Response("ok", media_type="text/plain")


def _refusal(error: StreamwaysError) -> Response:
    headers = {} if error.retry_after is None else {"retry-after": str(error.retry_after)}
    if error.status == 401:
        headers["www-authenticate"] = "Bearer"
    return JSONResponse({"error": error.to_json()}, error.status, headers)


async def _refuse(_: Request, error: Exception) -> Response:
    assert isinstance(error, StreamwaysError)
    return _refusal(error)


async def _unknown(_: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    code = "not_found" if error.status_code == 404 else "invalid_request"
    message = f"{error.detail}. This function answers POST /api/chat."
    return JSONResponse({"error": {"code": code, "message": message}}, error.status_code, error.headers)


async def _fail(_: Request, error: Exception) -> Response:
    logger.error("the request failed", exc_info=error)
    return _refusal(Internal())


app = Starlette(
    routes=[Route("/api/chat", chat, methods=["POST"]), Route("/healthz", health)],
    exception_handlers={StreamwaysError: _refuse, HTTPException: _unknown, Exception: _fail},
)
# A redirect would name the adapter's plain-HTTP scheme: a client that follows one sends its token in the clear.
app.router.redirect_slashes = False
