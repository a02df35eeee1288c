"""`python -m sandbox.aws.moto_process`: moto's server on a free port of loopback, in a process of its own.

Writes the port as one line to standard output when it answers; ends when standard input ends. Only moto's core and
Flask are needed for DynamoDB and Cognito, not the extras that `moto[server]` brings (docker, cfn-lint, …).
"""

import sys
import threading
from collections.abc import Callable, Iterable
from io import BytesIO
from typing import Literal
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
from werkzeug.serving import WSGIRequestHandler, make_server

from sandbox.aws.moto_cognito import PoolPages, replace_sign_in
from sandbox.aws.moto_tables import keep_tables_fast

PRELOADED: dict[str, Literal["cognito-idp", "dynamodb"]] = {"cognitoidp": "cognito-idp", "dynamodb": "dynamodb"}
"""Services whose first request would otherwise wait for their imports: moto's module and the service's name."""


class OneAtATime:
    """moto's backends hold no locks: with threads, two conditional writes could both find their condition true."""

    def __init__(self, application: WSGIApplication) -> None:
        self._application = application
        self._lock = threading.Lock()

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        with self._lock:
            return list(self._application(environ, start_response))


class KeepingHandler(WSGIRequestHandler):
    """Keeps a connection for the next request, where werkzeug's own handler closes it after each."""

    protocol_version = "HTTP/1.1"
    wbufsize = -1  # a small answer leaves in one piece
    disable_nagle_algorithm = True

    def run_wsgi(self) -> None:
        """Answer one request."""
        environ = self.make_environ()
        # Whatever the application leaves of it would be taken for the next request.
        environ["wsgi.input"] = BytesIO(self.rfile.read(int(self.headers.get("content-length", 0))))
        begun: list[tuple[str, list[tuple[str, str]]]] = []
        pieces: list[bytes] = []

        def start_response(status: str, headers: list[tuple[str, str]], _: object = None) -> Callable[[bytes], object]:
            begun[:] = [(status, headers)]
            return pieces.append

        pieces.extend(self.server.app(environ, start_response))
        body = b"".join(pieces)
        [(status, headers)] = begun
        code, _, reason = status.partition(" ")
        self.send_response_only(int(code), reason)
        for name, value in headers:
            if name.lower() != "content-length":
                self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


def _main() -> None:
    keep_tables_fast()
    replace_sign_in()
    application = DomainDispatcherApplication(create_backend_app)
    for module, service in PRELOADED.items():
        application.app_instances[module] = create_backend_app(service)
    server = make_server(
        "127.0.0.1", 0, OneAtATime(PoolPages(application)), threaded=True, request_handler=KeepingHandler
    )
    threading.Thread(target=server.serve_forever, daemon=True).start()
    print(server.server_port, flush=True)
    sys.stdin.read()


if __name__ == "__main__":
    _main()
