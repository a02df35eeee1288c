"""Tokens of the demo users, also such as expire when a test wants it, or are for another client."""

import re
from collections.abc import Callable, Iterable

from starlette.routing import Route

from sandbox.aws.demo_users import DemoUsers
from sandbox.aws.user_pools import HOUR
from sandbox.control.guard import Document, Guard, NotNow
from sandbox.forms import Form, FormRefused

CLIENTS = ("own", "another")
"""Whom a token is for: the program's own app client, or another one of its pool."""
MOST_SECONDS = 86_400
"""How far from now a token may expire, or have expired."""

_NAME = re.compile(r"[a-z0-9-]{1,40}")
"""Of a user who is none of the demo users."""


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
        name = form.text("user") if form.has("user") else None
        if name is not None and not _NAME.fullmatch(name):
            raise FormRefused(f"user is {name!r:.80}: give 1 to 40 of a-z, 0-9 and -")
        form.end()
        return {**await found.tokens(tier, expires_in, of_another_client=client == "another", name=name)}

    return [guard.route("POST", "/token", token)]
