"""A tiny WebSocket API: handshake → authorizer and `$connect`, frame → `$default`, `@connections` → socket."""

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from http import HTTPStatus

from websockets.exceptions import ConnectionClosed
from websockets.http11 import Request, Response
from websockets.sync.server import ServerConnection, serve

from handlers.websocket import authorizer, routes, worker
from tests.support.server import WAIT_SECONDS
from tests.support.services import lambda_context
from tests.support.websocket import World, connect_event, frame_event


@contextmanager
def gateway(world: World) -> Iterator[str]:
    """Its address. The worker runs on a thread of its own for each event, as Lambda runs it."""
    sockets: dict[str, ServerConnection] = {}
    busy: list[threading.Thread] = []

    def handshake(connection: ServerConnection, request: Request) -> Response | None:
        event = connect_event(request.headers.get("Sec-WebSocket-Protocol"))
        try:
            authorizer.handler(event, lambda_context())  # pyright: ignore
        except Exception as refusal:
            status = HTTPStatus.UNAUTHORIZED if str(refusal) == "Unauthorized" else HTTPStatus.INTERNAL_SERVER_ERROR
            return connection.respond(status, "")
        return None

    def choose(_: ServerConnection, offered: Sequence[str]) -> str | None:
        answer = routes.handler(connect_event(", ".join(offered)), lambda_context())  # pyright: ignore
        return answer["headers"].get("Sec-WebSocket-Protocol")

    def serve_connection(connection: ServerConnection) -> None:
        busy.append(threading.current_thread())
        sockets[str(connection.id)] = connection
        for frame in connection:
            assert isinstance(frame, str)
            routes.handler(frame_event(frame, connection_id=str(connection.id)), lambda_context())  # pyright: ignore

    def invoke(event: object) -> None:
        busy.append(threading.Thread(target=worker.handler, args=(event, lambda_context()), daemon=True))
        busy[-1].start()

    world.lambda_service.then = invoke

    def post(receiver: str, frame: str) -> int | None:
        try:
            sockets[receiver].send(frame)
        except ConnectionClosed:
            return HTTPStatus.GONE
        return None

    world.connections.then = post
    with serve(
        serve_connection, "127.0.0.1", 0, process_request=handshake, select_subprotocol=choose, compression=None
    ) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"ws://127.0.0.1:{server.socket.getsockname()[1]}"
    for thread in busy:
        thread.join(WAIT_SECONDS)
        assert not thread.is_alive()
