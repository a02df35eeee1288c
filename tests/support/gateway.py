"""A tiny WebSocket API: handshake → authorizer and `$connect`, frame → `$default`, `@connections` → socket.

As in API Gateway, no frame waits for another. Beside it is the function URL that gives tickets.
"""

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from http import HTTPStatus
from urllib.parse import parse_qs, urlsplit

from websockets.exceptions import ConnectionClosed
from websockets.http11 import Request, Response
from websockets.sync.server import ServerConnection, serve

from handlers.websocket import authorizer, routes, tickets, worker
from tests.support.server import WAIT_SECONDS, Answer, LocalServer, Received
from tests.support.services import lambda_context
from tests.support.websocket import World, connect_event, frame_event

Context = Mapping[str, str]
"""What the authorizer said of a user."""


class _Functions:
    """Runs each event on a thread of its own, as Lambda runs it in an environment of its own."""

    def __init__(self) -> None:
        self._busy: list[threading.Thread] = []

    def run(self, handler: Callable[..., object], event: object) -> None:
        self._busy.append(threading.Thread(target=handler, args=(event, lambda_context()), daemon=True))
        self._busy[-1].start()

    def join(self) -> None:
        for thread in self._busy:  # which may grow meanwhile
            thread.join(WAIT_SECONDS)
            assert not thread.is_alive()


@contextmanager
def gateway(world: World) -> Iterator[dict[str, object]]:
    """Its addresses, as outputs of a stack: `webSocketUrl` and `webSocketTicketUrl`."""
    sockets: dict[str, ServerConnection] = {}
    users: dict[str, Context] = {}
    functions = _Functions()

    def handshake(connection: ServerConnection, request: Request) -> Response | None:
        query = parse_qs(urlsplit(request.path).query, keep_blank_values=True)
        event = connect_event(request.headers.get("Sec-WebSocket-Protocol"), query=query)
        try:
            policy = authorizer.handler(event, lambda_context())  # pyright: ignore
        except Exception as refusal:
            status = HTTPStatus.UNAUTHORIZED if str(refusal) == "Unauthorized" else HTTPStatus.INTERNAL_SERVER_ERROR
            return connection.respond(status, "")
        users[str(connection.id)] = policy["context"]
        return None

    def choose(_: ServerConnection, offered: Sequence[str]) -> str | None:
        answer = routes.handler(connect_event(", ".join(offered) or None), lambda_context())  # pyright: ignore
        return answer["headers"].get("Sec-WebSocket-Protocol")

    def serve_connection(connection: ServerConnection) -> None:
        name = str(connection.id)
        sockets[name] = connection
        for frame in connection:
            assert isinstance(frame, str)
            event = frame_event(frame, connection_id=name)
            event["requestContext"]["authorizer"] |= users[name]
            functions.run(routes.handler, event)

    def post(receiver: str, frame: str) -> int | None:
        try:
            sockets[receiver].send(frame)
        except ConnectionClosed:
            return HTTPStatus.GONE
        return None

    world.lambda_service.then = lambda event: functions.run(worker.handler, event)
    world.connections.then = post
    world.connections.on_close = lambda receiver: sockets[receiver].close()
    with (
        serve(
            serve_connection, "127.0.0.1", 0, process_request=handshake, select_subprotocol=choose, compression=None
        ) as server,
        LocalServer(_give_ticket) as ticket_server,
    ):
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield {
            "webSocketUrl": f"ws://127.0.0.1:{server.socket.getsockname()[1]}",
            "webSocketTicketUrl": f"{ticket_server.url}/",
        }
    functions.join()


def _give_ticket(received: Received) -> Answer:
    path = urlsplit(received.path).path
    event = {
        "rawPath": path,
        "headers": received.headers,
        "requestContext": {"http": {"method": received.method, "path": path}},
    }
    answer = tickets.handler(event, lambda_context())  # pyright: ignore
    return Answer(answer["statusCode"], answer["body"].encode(), answer["headers"])
