"""The streams of a chat: `POST /api/chat` starts one, `GET …/stream` resumes it, `DELETE …/stream/{id}` cancels it."""

from functools import partial

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from handlers.http import environment
from handlers.http.encodings import encoding_of
from handlers.http.environment import Invocation
from handlers.http.parts_response import PartsResponse
from handlers.http.request_reader import (
    authenticated,
    chat_of,
    fields_of,
    idempotency_key,
    json_of,
    last_event_id,
    stream_of,
)
from shared.auth.guard import guard
from shared.generation.run import StreamRun
from shared.protocol.request import ChatRequest
from shared.streams.admission import Joined
from shared.streams.preamble import preamble

MIN_INTERVAL_SECONDS = 0.0
"""A body is billed by its bytes, not by its pieces."""
TAIL_MARGIN_SECONDS = 1.0
"""What is kept of a function's time to end the body of a response that follows a stream."""


async def start(request: Request) -> Response:
    """Admits a request and streams its answer; a request that was admitted before gets the stream it has started."""
    invocation = Invocation.of(request)
    user = await authenticated(request)
    encoding, stream_id = encoding_of(request), idempotency_key(request)
    body = await json_of(request)
    chat_request = ChatRequest.from_client(body)
    await run_in_threadpool(guard, user.sub, chat_request.chat_id, body)
    admit = partial(environment.admission().admit, tier=user.tier, correlation_id=invocation.request_id, running=True)
    admitted = await run_in_threadpool(admit, user.sub, chat_request, stream_id=stream_id)
    if isinstance(admitted, Joined):
        source = environment.tail().follow(user.sub, admitted.stream_id, until=_tail_until(invocation))
        return PartsResponse(source, encoding, admitted.stream_id)
    run = StreamRun(
        admitted,
        model=environment.model(),
        repository=environment.repository(),
        ends_at=invocation.ends_at,
        min_interval=MIN_INTERVAL_SECONDS,
    )
    run.begin()
    return PartsResponse(run, encoding, admitted.stream_id)


async def resume(request: Request) -> Response:
    """The user's latest stream in a chat, whole, or after the `Last-Event-ID` its own; 204 for none to resume."""
    invocation = Invocation.of(request)
    user = await authenticated(request)
    chat_id, encoding, after = chat_of(request), encoding_of(request), last_event_id(request)
    await run_in_threadpool(guard, user.sub, chat_id, fields_of(request))
    stream = await run_in_threadpool(environment.repository().resumable, user.sub, chat_id, after)
    if stream is None:
        return Response(status_code=204)
    held = [] if after else await run_in_threadpool(preamble, environment.repository().table, stream)
    source = environment.tail().follow(user.sub, stream.stream_id, after=after, until=_tail_until(invocation))
    return PartsResponse(source, encoding, stream.stream_id, held)


async def cancel(request: Request) -> Response:
    """Takes note that a stream is to end. The answer is the same whether or not there is such a stream."""
    user = await authenticated(request)
    chat_of(request)  # a stream's id is unique per user: the chat's only has to be one
    await run_in_threadpool(environment.repository().cancel, user.sub, stream_of(request))
    return JSONResponse({}, 202)


def _tail_until(invocation: Invocation) -> float:
    return invocation.ends_at - TAIL_MARGIN_SECONDS
