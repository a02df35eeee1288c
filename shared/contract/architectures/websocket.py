"""An API Gateway WebSocket API."""

from typing import Final

from shared.contract.architecture import Bill, Descriptor, Package, Service

NAME: Final = "websocket"
URL: Final = "webSocketUrl"
TICKET_URL: Final = "webSocketTicketUrl"
DOMAIN_TARGET: Final = "webSocketDomainTarget"

DESCRIPTOR: Final = Descriptor(
    place=2,
    name=NAME,
    title="WebSocket API",
    folder="websocket",
    packages={
        "authorizer": Package("websocket-authorizer", "handlers.websocket.authorizer", "function-websocket-authorizer"),
        "tickets": Package("websocket-tickets", "handlers.websocket.tickets", "function-websocket-tickets"),
        "routes": Package("websocket-routes", "handlers.websocket.routes", "function-websocket-routes"),
        "worker": Package("websocket-worker", "handlers.websocket.worker", "function-websocket-worker"),
        "reaper": Package("websocket-reaper", "handlers.websocket.reaper", "function-websocket-reaper"),
    },
    addresses={URL: "the `wss://` URL that clients connect to"},
    more_outputs={TICKET_URL: "where a page gets the one-time ticket that it connects with, instead of a token"},
    domain_outputs={DOMAIN_TARGET: "host of API Gateway that the domain's record names"},
    generates="websocket-worker",
    worker=True,
    bill=Bill(
        frozenset({Service.LAMBDA, Service.DYNAMODB, Service.API_GATEWAY_WEBSOCKET}),
        # Ticket, authorizer, $connect, the frame `send` and $disconnect; a client that has a token needs no ticket.
        short_functions=5,
        envelope_bytes=180,  # `requestId`, `sequence` and `cursor` of a frame
        reader_writes=2,  # noted, and removed at the end
    ),
)
