"""One HTTP exchange with a function, decoupled from whoever reads its answer.

The exchange is a task of its own: a reader that goes away does not end it. The function runs on, and is billed, to its
end (https://docs.aws.amazon.com/lambda/latest/dg/configuration-response-streaming.html), and its answer is drained.
"""

import asyncio
import base64
from collections.abc import AsyncIterator
from dataclasses import dataclass

import httpx

from sandbox.functions.errors import FunctionFailed
from sandbox.functions.limits import RESPONSE_BYTES
from sandbox.functions.pool import Lease, Pool
from sandbox.functions.web_adapter import WebEnvironment, WebRequest

STREAM_ERROR = (
    "Lambda-Runtime-Function-Error-Type: Runtime.StreamError\r\n"
    f"Lambda-Runtime-Function-Error-Body: {base64.b64encode(b'error reading a body from connection').decode()}\r\n"
).encode()
"""What the adapter writes into the body, before it ends it as if it were whole, when the server breaks off. Lambda
documents these as trailers (https://docs.aws.amazon.com/lambda/latest/dg/runtimes-custom.html); the adapter's runtime
sends them as text (https://github.com/aws/aws-lambda-rust-runtime, `to_tailer`)."""
DEFAULT_CONTENT_TYPE = (b"content-type", b"application/octet-stream")
"""What a streamed answer without a content type gets, also a 204 (same place)."""

PIECES_AHEAD = 16
"""How many pieces wait for a slow reader before the function is made to wait."""


class StreamCut(Exception):
    """The body ended before its end: the function timed out, or the stream grew too long."""


class StreamedBody:
    """The pieces of a body as they come. Iterate once; raises `StreamCut`. Call `abandon` when reading stops early."""

    def __init__(self) -> None:
        self._pieces: asyncio.Queue[bytes | StreamCut | None] = asyncio.Queue(PIECES_AHEAD)
        self._open = True

    async def __aiter__(self) -> AsyncIterator[bytes]:
        while (piece := await self._pieces.get()) is not None:
            if isinstance(piece, StreamCut):
                raise piece
            yield piece

    async def put(self, piece: bytes | None) -> None:
        """Add a piece, or the end (None); nothing once the body was abandoned or cut."""
        if self._open:
            await self._pieces.put(piece)

    async def cut(self, why: str) -> None:
        """End it here: what comes later is dropped."""
        if self._open:
            await self._pieces.put(StreamCut(why))
            self._open = False

    def abandon(self) -> None:
        """Nobody reads any more: what is there and what comes is dropped."""
        self._open = False
        while not self._pieces.empty():
            self._pieces.get_nowait()

    def stop(self) -> None:
        """Nobody writes any more: a reader gets the cut next."""
        self.abandon()
        self._pieces.put_nowait(StreamCut("The sandbox stops."))


@dataclass(frozen=True)
class WebResponse:
    """The function's HTTP answer: its status and headers, and a body that may still be coming."""

    status: int
    headers: list[tuple[bytes, bytes]]
    body: StreamedBody
    streamed: bool
    """Whether the body was handed on as it came; else it was complete first."""


async def exchange(
    pool: Pool, called: str, request: WebRequest, *, streamed: bool, head: "asyncio.Future[WebResponse]"
) -> None:
    """Run one exchange to its end, with the function that was called by this ARN.

    `head` is done with the response as soon as it may go out, or fails: with `FunctionFailed`, or `InvokeRefused` when
    nothing ran. After it the body of a server that breaks off ends with `STREAM_ERROR`; any other failure cuts it.
    """
    body = StreamedBody()
    try:
        async with pool.invocation(called, request.request_id, b"", request.trace_id) as lease:
            answer = await _environment(lease).exchange(request, lease.event)
            content: bytes | None = None
            if streamed:
                headers = [*answer.headers.raw, *(() if "content-type" in answer.headers else (DEFAULT_CONTENT_TYPE,))]
                head.set_result(WebResponse(answer.status_code, headers, body, streamed=True))
                await _relay(lease, answer, body, limit=lease.environment.host.limits.stream_bytes)
            else:
                content = await _whole(lease, answer)
        if content is not None:
            head.set_result(WebResponse(answer.status_code, answer.headers.raw, body, streamed=False))
            await body.put(content)
        await body.put(None)
    except asyncio.CancelledError:
        head.cancel()
        body.stop()
        raise
    except Exception as error:
        if not head.done():
            head.set_exception(error)
        elif isinstance(error, FunctionFailed) and error.status != "timeout":
            await body.put(STREAM_ERROR)
            await body.put(None)
        else:
            await body.cut(str(error))


def _environment(lease: Lease) -> WebEnvironment:
    assert isinstance(lease.environment, WebEnvironment)
    return lease.environment


async def _pieces(lease: Lease, answer: httpx.Response) -> AsyncIterator[bytes]:
    """The body as the server sends it. Raises `FunctionFailed` when the server breaks off."""
    try:
        async for piece in answer.aiter_raw():
            yield piece
    except httpx.TransportError as error:
        raise await _environment(lease).broken(error, lease.event.request_id) from error
    finally:
        await answer.aclose()


async def _relay(lease: Lease, answer: httpx.Response, body: StreamedBody, *, limit: int) -> None:
    sent = 0
    async for piece in _pieces(lease, answer):
        if sent <= limit < sent + len(piece):
            await body.put(piece[: limit - sent])
            await body.cut(f"A streamed response ends at {limit} bytes.")
        sent += len(piece)
        await body.put(piece)


async def _whole(lease: Lease, answer: httpx.Response) -> bytes:
    content = bytearray()
    async for piece in _pieces(lease, answer):
        content += piece
        if len(content) > RESPONSE_BYTES:
            message = f"Response payload size exceeded maximum allowed payload size ({RESPONSE_BYTES} bytes)."
            raise FunctionFailed({"errorType": "Function.ResponseSizeTooLarge", "errorMessage": message})
    return bytes(content)
