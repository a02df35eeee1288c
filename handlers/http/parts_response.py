"""A stream of parts as the body of a response."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from concurrent.futures import ThreadPoolExecutor

from starlette.responses import StreamingResponse
from starlette.types import Receive, Scope, Send

from handlers.http.encodings import Encoding
from shared.contract.transports import STREAM_HEADER
from shared.protocol.cursor import Cursor
from shared.protocol.parts import Part
from shared.streams.source import PartSource
from shared.telemetry.log import logger

MAX_BODIES = 256
"""So many responses wait for parts at once, each on a thread; more of them take turns. Lambda gives an environment one
request at a time. The threads are the bodies' own: however many wait, admission and refusals have theirs."""

_THREADS = ThreadPoolExecutor(MAX_BODIES, thread_name_prefix="body")


class PartsResponse(StreamingResponse):
    """The preamble, each batch as soon as it is there, and the encoding's end once the client has the terminal part.

    A body without that end was cut: the function's time was over, another has ended the stream that ran here, or the
    journal could not be read or lacks the terminal part.
    """

    def __init__(self, source: PartSource, encoding: Encoding, stream_id: str, preamble: Sequence[Part] = ()) -> None:
        super().__init__(self._pieces(), headers={**encoding.headers, STREAM_HEADER: stream_id})
        self._source = source
        self._encoding = encoding
        self._stream_id = stream_id
        self._preamble = preamble

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Sends it. However that ends, and if the client has gone before the first part, the source is detached."""
        if scope["method"] == "HEAD":
            self.body_iterator = _nothing()
        try:
            await super().__call__(scope, receive, send)
        finally:
            self._source.detach()

    async def _pieces(self) -> AsyncIterator[bytes]:
        loop, encode = asyncio.get_running_loop(), self._encoding.encode
        try:
            for part in self._preamble:
                yield encode(part, None)
            while (batch := await loop.run_in_executor(_THREADS, self._source.take)) is not None:
                told = (encode(numbered.part, Cursor.behind(self._stream_id, numbered)) for numbered in batch)
                yield b"".join(told) if batch else self._encoding.keep_alive
        except Exception:
            # The status is sent. An error would reach the client as text of the Web Adapter's within the body.
            logger.exception("reading the stream failed")
        if self._source.complete:
            yield self._encoding.end


async def _nothing() -> AsyncIterator[bytes]:
    for piece in ():
        yield piece
