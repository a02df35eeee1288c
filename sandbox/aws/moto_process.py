"""`python -m sandbox.aws.moto_process`: moto's server on a free port of loopback, in a process of its own.

Writes the port as one line to standard output when it answers; ends when standard input ends. Only moto's core and
Flask are needed for DynamoDB and Cognito, not the extras that `moto[server]` brings (docker, cfn-lint, …).
"""

import sys
import threading
from collections.abc import Iterable
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


class _QuietHandler(WSGIRequestHandler):
    protocol_version = "HTTP/1.1"  # connections are kept, or each call would open one

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Requests are not logged: they are the sandbox's own."""


def _main() -> None:
    keep_tables_fast()
    replace_sign_in()
    application = DomainDispatcherApplication(create_backend_app)
    for module, service in PRELOADED.items():
        application.app_instances[module] = create_backend_app(service)
    server = make_server(
        "127.0.0.1", 0, OneAtATime(PoolPages(application)), threaded=True, request_handler=_QuietHandler
    )
    threading.Thread(target=server.serve_forever, daemon=True).start()
    print(server.server_port, flush=True)
    sys.stdin.read()


if __name__ == "__main__":
    _main()
