"""Users to try a deployed program with: one for each tier, with a random password, in its user pool."""

import asyncio
import json
import secrets
from collections.abc import Sequence
from typing import TypedDict, cast

from sandbox.aws.moto_clients import MotoClients
from sandbox.aws.moto_proxy import MotoProxy
from sandbox.aws.user_pools import HOUR, UserPool
from sandbox.state import DemoUser


class DemoTokens(TypedDict):
    """The tokens of one sign-in."""

    accessToken: str
    idToken: str


class DemoUsers:
    """The demo users of one app client, and their tokens."""

    def __init__(self, clients: MotoClients, moto: MotoProxy, pool: UserPool, client_id: str) -> None:
        self._clients = clients
        self._moto = moto
        self._pool = pool
        self.client_id = client_id
        self._users: dict[str, DemoUser] = {}
        self._others: dict[tuple[str, str], asyncio.Task[DemoUser]] = {}
        """By tier and name; a task each, so that two who ask at once are given one user."""

    @property
    def all(self) -> Sequence[DemoUser]:
        """The users that `create` has made."""
        return tuple(self._users.values())

    @property
    def pool_id(self) -> str:
        """The pool that they are in."""
        return self._pool.id

    async def create(self) -> None:
        """Make a user `{tier}@example.com` in each group of the pool that has none of them yet."""
        await asyncio.to_thread(self._create)

    async def tokens(
        self, tier: str, expires_in: int = HOUR, *, of_another_client: bool = False, name: str | None = None
    ) -> DemoTokens:
        """Fresh tokens of the user of `tier` that expire in so many seconds, or that have expired.

        They are for the app client of the program, or for one of the same pool that the program knows nothing of. With
        a `name` they are those of another user of the tier, who is made when first asked for. Raises KeyError for a
        tier without a user, CallRefused when moto's process does not answer.
        """
        client_id = await asyncio.to_thread(self._another_client) if of_another_client else self.client_id
        user = self._users[tier] if name is None else await self._another_user(tier, name)
        wanted = {"clientId": client_id, "username": user.username, "seconds": expires_in}
        headers = {"content-type": "application/json"}
        answer = await self._moto.send("POST", f"/{self._pool.id}/tokens", headers, json.dumps(wanted).encode())
        return DemoTokens(**cast("dict[str, str]", answer.json()))

    async def _another_user(self, tier: str, name: str) -> DemoUser:
        made = self._others.get((tier, name))
        if made is None:
            made = asyncio.create_task(asyncio.to_thread(self._made, tier, f"{name}-{tier}@example.com"))
            self._others[tier, name] = made
        return await asyncio.shield(made)

    def _another_client(self) -> str:
        client = self._clients.cognito().create_user_pool_client(UserPoolId=self._pool.id, ClientName="another")
        return client["UserPoolClient"].get("ClientId", "")

    def _create(self) -> None:
        for tier in [group for group in self._pool.groups if group not in self._users]:
            self._users[tier] = self._made(tier, f"{tier}@example.com")

    def _made(self, tier: str, username: str) -> DemoUser:
        cognito, pool_id = self._clients.cognito(), self._pool.id
        user = DemoUser(tier, username, f"Aa1!{secrets.token_urlsafe(18)}")
        cognito.admin_create_user(
            UserPoolId=pool_id,
            Username=username,
            MessageAction="SUPPRESS",
            UserAttributes=[{"Name": "email", "Value": username}, {"Name": "email_verified", "Value": "true"}],
        )
        cognito.admin_set_user_password(UserPoolId=pool_id, Username=username, Password=user.password, Permanent=True)
        cognito.admin_add_user_to_group(UserPoolId=pool_id, Username=username, GroupName=tier)
        return user
