"""In which of two encodings the parts of a stream leave: the AI SDK's present one, or that of its version 4."""

from collections.abc import Mapping
from typing import ClassVar, Protocol

from starlette.requests import Request

from handlers.http.data_stream import DataStream
from handlers.http.sse import ServerSentEvents
from shared.errors import InvalidRequest
from shared.protocol.cursor import Cursor
from shared.protocol.parts import Part

DATA_STREAM = "data-stream"
DATA_STREAM_HEADER = "x-vercel-ai-data-stream"
DATA_STREAM_VERSION = "v1"


class Encoding(Protocol):
    """How the parts of one stream become the body of a response."""

    headers: ClassVar[Mapping[str, str]]
    """By which a client knows the encoding."""
    keep_alive: ClassVar[bytes]
    """What no client takes for a part."""
    end: ClassVar[bytes]
    """What follows the last part."""

    def encode(self, part: Part, cursor: Cursor | None, /) -> bytes:
        """One part, with the place behind it if it is one of the stream's; parts come in order."""
        ...


def encoding_of(request: Request) -> Encoding:
    """The one that a request asks for. Raises InvalidRequest when it asks for one that does not exist."""
    protocols = set(request.query_params.getlist("protocol"))
    versions = set(request.headers.getlist(DATA_STREAM_HEADER))
    if not protocols and not versions:
        return ServerSentEvents()
    if protocols <= {DATA_STREAM} and versions <= {DATA_STREAM_VERSION}:
        return DataStream()
    raise InvalidRequest(
        f"There is no such protocol. Ask for AI SDK v4's with `?protocol={DATA_STREAM}` or with the header"
        f" `{DATA_STREAM_HEADER}: {DATA_STREAM_VERSION}`; without either the answer is a UI message stream."
    )
