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

    async def tokens(self, tier: str, expires_in: int = HOUR, *, of_another_client: bool = False) -> DemoTokens:
        """Fresh tokens of the user of `tier` that expire in so many seconds, or that have expired.

        They are for the app client of the program, or for one of the same pool that the program knows nothing of.
        Raises KeyError for a tier without a user, CallRefused when moto's process does not answer.
        """
        client_id = await asyncio.to_thread(self._another_client) if of_another_client else self.client_id
        wanted = {"clientId": client_id, "username": self._users[tier].username, "seconds": expires_in}
        headers = {"content-type": "application/json"}
        answer = await self._moto.send("POST", f"/{self._pool.id}/tokens", headers, json.dumps(wanted).encode())
        return DemoTokens(**cast("dict[str, str]", answer.json()))

    def _another_client(self) -> str:
        client = self._clients.cognito().create_user_pool_client(UserPoolId=self._pool.id, ClientName="another")
        return client["UserPoolClient"].get("ClientId", "")

    def _create(self) -> None:
        cognito = self._clients.cognito()
        for tier in [group for group in self._pool.groups if group not in self._users]:
            user = DemoUser(tier, f"{tier}@example.com", f"Aa1!{secrets.token_urlsafe(18)}")
            pool_id, username = self._pool.id, user.username
            cognito.admin_create_user(
                UserPoolId=pool_id,
                Username=username,
                MessageAction="SUPPRESS",
                UserAttributes=[{"Name": "email", "Value": username}, {"Name": "email_verified", "Value": "true"}],
            )
            cognito.admin_set_user_password(
                UserPoolId=pool_id, Username=username, Password=user.password, Permanent=True
            )
            cognito.admin_add_user_to_group(UserPoolId=pool_id, Username=username, GroupName=tier)
            self._users[tier] = user
