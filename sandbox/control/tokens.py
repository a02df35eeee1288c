"""Tokens of the demo users, also such as expire when a test wants it, or are for another client."""

from collections.abc import Callable, Iterable

from starlette.routing import Route

from sandbox.aws.demo_users import DemoUsers
from sandbox.aws.user_pools import HOUR
from sandbox.control.guard import Document, Guard, NotNow
from sandbox.forms import Form

CLIENTS = ("own", "another")
"""Whom a token is for: the program's own app client, or another one of its pool."""
MOST_SECONDS = 86_400
"""How far from now a token may expire, or have expired."""


def token_routes(guard: Guard, users: Callable[[], DemoUsers | None]) -> Iterable[Route]:
    """`POST /token`; `users` gives the demo users once the program has a user pool."""

    async def token(form: Form) -> Document:
        found = users()
        if found is None:
            raise NotNow(
                "the program has no user pool: make one, and export the id of an app client as userPoolClientId"
            )
        tier = form.choice("tier", [user.tier for user in found.all])
        expires_in = form.whole("expiresInSeconds", HOUR, least=-MOST_SECONDS, most=MOST_SECONDS)
        client = form.choice("client", CLIENTS, CLIENTS[0])
        form.end()
        return {**await found.tokens(tier, expires_in, of_another_client=client == "another")}

    return [guard.route("POST", "/token", token)]
