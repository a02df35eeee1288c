"""A real HTTP server on a port of its own whose answers the test decides, one request at a time.

It stands for what is at the other end of a socket (a user pool's keys, Bedrock, `@connections`, AppSync, Lambda), so
that the code under test runs with its own HTTP client.
"""

import sys
import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Self

WAIT_SECONDS = 20
"""How long anything here waits before it gives up: far above what any test needs."""


class CutConnection(Exception):
    """Raised by an answer, or among its pieces: the socket is closed there and then."""


@dataclass(frozen=True)
class Received:
    """A request as it came; header names in lower case."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes
    client_port: int


@dataclass(frozen=True)
class Answer:
    """What is sent back: `body` at once, or `pieces` one by one; a piece that is an Event holds the next ones up."""

    status: int = 200
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)
    pieces: Iterable[bytes | threading.Event | CutConnection] | None = None
    headers_when: threading.Event | None = None


class _Http(ThreadingHTTPServer):
    """Keeps what goes wrong on its threads, where no test would see it."""

    daemon_threads = True
    block_on_close = False

    def __init__(self, handler: type[BaseHTTPRequestHandler]) -> None:
        super().__init__(("127.0.0.1", 0), handler)
        self.errors: list[BaseException] = []

    def handle_error(self, request: object, client_address: object) -> None:  # noqa: ARG002
        error = sys.exception()
        if error is not None and not isinstance(error, ConnectionError):
            self.errors.append(error)


class LocalServer:
    """`with LocalServer(answer) as server:`; `server.received` is the list of requests, in order."""

    def __init__(self, answer: Callable[[Received], Answer]) -> None:
        self.received: list[Received] = []
        self.left = threading.Event()
        """Set when a client has gone before its answer was complete."""
        self._news = threading.Condition()
        self._answer = answer
        self._http = _Http(self._handler())
        self.url = f"http://127.0.0.1:{self._http.server_port}"

    def __enter__(self) -> Self:
        threading.Thread(target=self._http.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._http.shutdown()
        self._http.server_close()
        assert self._http.errors == []

    def wait_until_received(self, count: int) -> None:
        """Until so many requests have come."""
        assert self.receives(count, WAIT_SECONDS), self.received

    def receives(self, count: int, within: float) -> bool:
        """Whether so many requests come within these seconds."""
        with self._news:
            return self._news.wait_for(lambda: len(self.received) >= count, within)

    def _handler(server) -> type[BaseHTTPRequestHandler]:  # noqa: N805
        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True

            def _exchange(self) -> None:
                body = self.rfile.read(int(self.headers.get("content-length", 0)))
                headers = {name.lower(): value for name, value in self.headers.items()}
                received = Received(self.command, self.path, headers, body, self.client_address[1])
                with server._news:
                    server.received.append(received)
                    server._news.notify_all()
                try:
                    self._send(server._answer(received))
                except CutConnection:
                    self.close_connection = True
                except (BrokenPipeError, ConnectionResetError):
                    self.close_connection = True
                    server.left.set()

            def _send(self, answer: Answer) -> None:
                self.send_response(answer.status)
                for name, value in answer.headers.items():
                    self.send_header(name, value)
                if answer.pieces is None:
                    self.send_header("content-length", str(len(answer.body)))
                    self.end_headers()
                    self.wfile.write(answer.body)
                    return
                self.send_header("transfer-encoding", "chunked")
                if answer.headers_when is not None:
                    answer.headers_when.wait(WAIT_SECONDS)
                self.end_headers()
                for piece in answer.pieces:
                    if isinstance(piece, CutConnection):
                        raise piece
                    if isinstance(piece, bytes):
                        self.wfile.write(b"%x\r\n%b\r\n" % (len(piece), piece))
                    else:
                        piece.wait(WAIT_SECONDS)
                self.wfile.write(b"0\r\n\r\n")

            do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = _exchange  # noqa: N815

            def log_message(self, *_: object) -> None:
                pass

        return Handler
