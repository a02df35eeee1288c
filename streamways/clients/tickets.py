"""One-time tickets for the WebSocket API: what opens a connection where no header can carry a token."""

from urllib.parse import urlencode

import httpx

from streamways.clients import refusals
from streamways.clients.addresses import is_loopback, trusted
from streamways.clients.client import OPEN_SECONDS
from streamways.clients.errors import Malformed, Unreachable
from streamways.clients.wire import json_object

_SOURCE = "the ticket URL"


async def fetch_ticket(ticket_url: str, token: str | None) -> str:
    """A ticket for the user of an access token, good for one connection within about 30 s. Raises ClientError."""
    headers = {"authorization": f"Bearer {token}"} if token else {}
    async with httpx.AsyncClient(timeout=OPEN_SECONDS, trust_env=not is_loopback(ticket_url), verify=trusted()) as http:
        try:
            response = await http.post(ticket_url, headers=headers)
        except httpx.TransportError as error:
            raise Unreachable(f"nothing answers at {ticket_url}: {error or type(error).__name__}") from error
    if response.status_code >= 400:
        raise refusals.from_http(response.status_code, response.headers, response.content)
    ticket = json_object(response.content, _SOURCE).get("ticket")
    if not isinstance(ticket, str):
        raise Malformed(f"{_SOURCE} answered without a ticket")
    return ticket


def with_ticket(web_socket_url: str, ticket: str) -> str:
    """The address to connect to with a ticket."""
    return f"{web_socket_url}?{urlencode({'ticket': ticket})}"
