"""Who may use a sandbox's faults from the page: whoever has signed in there.

The key of the control interface stays in the state file: a browser never has it.
"""

from collections.abc import Callable

from starlette.requests import Request

from sandbox.aws.demo_users import DemoUsers
from sandbox.aws.pool_tokens import PoolTokens, TokenRefused
from sandbox.control.guard import Guard


def signed_in(tokens: PoolTokens, users: Callable[[], DemoUsers | None]) -> Guard:
    """Lets in whoever has a token of the program's user pool."""

    async def refusal(request: Request) -> str | None:
        found = users()
        token = request.headers.get("authorization", "").removeprefix("Bearer ").strip()
        if found is None:
            return "the program has no user pool: nobody can sign in"
        try:
            await tokens.claims(found.pool_id, token)
        except TokenRefused as error:
            return str(error)
        return None

    return Guard(refusal)
