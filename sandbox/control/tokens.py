"""Access tokens of the demo users, also such as expire when a test wants it."""

from collections.abc import Callable, Iterable

from starlette.routing import Route

from sandbox.aws.demo_users import DemoUsers
from sandbox.control.guard import Document, Guard, NotNow
from sandbox.forms import Form

MOST_SECONDS = 86_400
"""How far from now a token may expire, or have expired."""


def token_routes(guard: Guard, users: Callable[[], DemoUsers | None]) -> Iterable[Route]:
    """`POST /token`; `users` gives the demo users once the program has a user pool."""

    async def token(form: Form) -> Document:
        found = users()
        if found is None:
            raise NotNow("the program has no user pool with an app client that allows ADMIN_USER_PASSWORD_AUTH")
        tier = form.choice("tier", [user.tier for user in found.all])
        expires_in = None
        if form.has("expiresInSeconds"):
            expires_in = form.whole("expiresInSeconds", 0, least=-MOST_SECONDS, most=MOST_SECONDS)
        form.end()
        return {"accessToken": await found.access_token(tier, expires_in)}

    return [guard.route("POST", "/token", token)]
