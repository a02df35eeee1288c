"""The Lambda Runtime API, for one environment: https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html

The runtime client takes a host and a port and no path, so each environment has a listener of its own. The client calls
`next`, which waits for an event, and answers with `response` or `error`; what cannot be loaded says `init/error`.
"""

import asyncio
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import cast

import h11

from sandbox.functions.errors import FunctionFailed
from sandbox.functions.limits import RESPONSE_BYTES

_NEXT = "/2018-06-01/runtime/invocation/next"
_INIT_ERROR = "/2018-06-01/runtime/init/error"
_RESULT = re.compile(r"/2018-06-01/runtime/invocation/(?P<id>[^/]+)/(?P<kind>response|error)")
_READ_BYTES = 65_536
_Answer = tuple[int, Mapping[str, str], bytes]
_ACCEPTED: _Answer = (202, {}, b'{"status":"OK"}')


@dataclass(frozen=True)
class Event:
    """One invocation as `next` hands it out."""

    request_id: str
    payload: bytes
    deadline_ms: int
    """Epoch milliseconds."""
    function_arn: str
    """Must be well formed: the client gives up on any other without a word."""
    trace_id: str

    @property
    def headers(self) -> Mapping[str, str]:
        """What the client makes the `context` of."""
        return {
            "Lambda-Runtime-Aws-Request-Id": self.request_id,
            "Lambda-Runtime-Deadline-Ms": str(self.deadline_ms),
            "Lambda-Runtime-Invoked-Function-Arn": self.function_arn,
            "Lambda-Runtime-Trace-Id": self.trace_id,
        }


class RuntimeApi:
    """A listener on loopback for one runtime client."""

    def __init__(self) -> None:
        loop = asyncio.get_running_loop()
        self.ready: asyncio.Future[None] = loop.create_future()
        """Done at the client's first `next`, or fails with its init error."""
        self.address = ""
        """Host and port, as AWS_LAMBDA_RUNTIME_API takes them; empty before `start`."""
        self._waiting: asyncio.Queue[Event | None] = asyncio.Queue()
        self._current: tuple[str, asyncio.Future[bytes]] | None = None
        self._server: asyncio.Server | None = None
        self._connections: dict[asyncio.Task[None], asyncio.StreamWriter] = {}

    async def start(self) -> None:
        """Listen on a free port."""
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        host, port = self._server.sockets[0].getsockname()[:2]
        self.address = f"{host}:{port}"

    def invoke(self, event: Event) -> "asyncio.Future[bytes]":
        """Hand `event` to the client. The future has its response, or fails with `FunctionFailed`."""
        result: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()
        self._current = event.request_id, result
        self._waiting.put_nowait(event)
        return result

    async def close(self) -> None:
        """Stop listening and hang up."""
        if self._server is not None:
            self._server.close()
        for writer in self._connections.values():
            writer.close()
        self._waiting.put_nowait(None)
        if self._connections:
            await asyncio.wait(self._connections)
        self.ready.cancel()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = cast("asyncio.Task[None]", asyncio.current_task())
        self._connections[task] = writer
        connection = h11.Connection(h11.SERVER)
        try:
            while (received := await _receive(connection, reader, writer)) is not None:
                status, headers, body = await self._answer(*received)
                await _send(connection, writer, status, headers, body)
                if connection.our_state is not h11.DONE or connection.their_state is not h11.DONE:
                    break
                connection.start_next_cycle()
        except (h11.RemoteProtocolError, ConnectionError):
            pass  # the process is gone, or to go; whoever waits for it learns that from its exit
        finally:
            del self._connections[task]
            writer.close()

    async def _answer(self, method: str, path: str, body: bytes) -> _Answer:
        if (method, path) == ("GET", _NEXT):
            if not self.ready.done():
                self.ready.set_result(None)
            event = await self._waiting.get()
            if event is None:
                self._waiting.put_nowait(None)  # for whoever else may wait
                raise ConnectionAbortedError
            return 200, {"Content-Type": "application/json", **event.headers}, event.payload
        if (method, path) == ("POST", _INIT_ERROR):
            if not self.ready.done():
                self.ready.set_exception(FunctionFailed(_document(body)))
            return _ACCEPTED
        found = _RESULT.fullmatch(path)
        if method != "POST" or found is None:
            return 404, {}, b'{"errorMessage":"The sandbox serves no such path","errorType":"NotFound"}'
        return self._take_result(found["id"], found["kind"], body)

    def _take_result(self, request_id: str, kind: str, body: bytes) -> _Answer:
        if self._current is None or self._current[0] != request_id or self._current[1].done():
            return 400, {}, b'{"errorMessage":"Invalid request ID","errorType":"InvalidRequestID"}'
        result = self._current[1]
        if kind == "error":
            result.set_exception(FunctionFailed(_document(body), reusable=True))
        elif len(body) > RESPONSE_BYTES:
            message = f"Response payload size exceeded maximum allowed payload size ({RESPONSE_BYTES} bytes)."
            result.set_exception(
                FunctionFailed({"errorType": "Function.ResponseSizeTooLarge", "errorMessage": message})
            )
            return (
                413,
                {},
                b'{"errorMessage":"Exceeded maximum allowed payload size","errorType":"RequestEntityTooLarge"}',
            )
        else:
            result.set_result(body)
        return _ACCEPTED


async def _receive(
    connection: h11.Connection, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
) -> tuple[str, str, bytes] | None:
    """The next request: method, path, body. None when the client has hung up."""
    request: h11.Request | None = None
    body = bytearray()
    while True:
        event = connection.next_event()
        if event is h11.NEED_DATA:
            if connection.they_are_waiting_for_100_continue:
                proceed = connection.send(h11.InformationalResponse(status_code=100, headers=[]))
                writer.write(proceed or b"")
            connection.receive_data(await reader.read(_READ_BYTES))
        elif isinstance(event, h11.Request):
            request = event
        elif isinstance(event, h11.Data):
            body += event.data
        elif isinstance(event, h11.EndOfMessage) and request is not None:
            return request.method.decode(), request.target.decode(), bytes(body)
        else:
            return None


async def _send(
    connection: h11.Connection, writer: asyncio.StreamWriter, status: int, headers: Mapping[str, str], body: bytes
) -> None:
    fields = [(name, value) for name, value in headers.items()] + [("Content-Length", str(len(body)))]
    for event in (h11.Response(status_code=status, headers=fields), h11.Data(data=body), h11.EndOfMessage()):
        writer.write(connection.send(event) or b"")
    await writer.drain()


def _document(body: bytes) -> Mapping[str, object]:
    """The error document that the client sent; one of our own when it is not JSON."""
    try:
        document = json.loads(body)
    except ValueError:
        document = None
    if isinstance(document, dict):
        return document  # pyright: ignore[reportUnknownVariableType]
    return {"errorType": "Runtime.Unknown", "errorMessage": body.decode("utf-8", "replace")}
