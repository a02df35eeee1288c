"""Users to try a deployed program with: one for each tier, with a random password, in its user pool."""

import asyncio
import secrets
from collections.abc import Sequence

from sandbox.aws.moto_clients import MotoClients
from sandbox.aws.pool_tokens import with_expiry
from sandbox.aws.user_pools import UserPool
from sandbox.state import DemoUser

ADMIN_FLOW = "ALLOW_ADMIN_USER_PASSWORD_AUTH"


class DemoUsers:
    """The demo users of one app client, and their tokens."""

    def __init__(self, clients: MotoClients, pool: UserPool, client_id: str) -> None:
        self._clients = clients
        self._pool = pool
        self._client_id = client_id
        self._users: dict[str, DemoUser] = {}

    @property
    def all(self) -> Sequence[DemoUser]:
        """The users that `create` has made."""
        return tuple(self._users.values())

    async def create(self) -> None:
        """Make a user `{tier}@example.com` in each group of the pool."""
        await asyncio.to_thread(self._create)

    async def access_token(self, tier: str, expires_in: int | None = None) -> str:
        """A fresh access token of the user of `tier`; it lives for an hour, or expires in so many seconds.

        Raises KeyError for a tier without a user.
        """
        token = await asyncio.to_thread(self._sign_in, self._users[tier])
        return token if expires_in is None else await asyncio.to_thread(with_expiry, token, expires_in)

    def _create(self) -> None:
        cognito = self._clients.cognito()
        for tier in self._pool.groups:
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

    def _sign_in(self, user: DemoUser) -> str:
        answer = self._clients.cognito().admin_initiate_auth(
            UserPoolId=self._pool.id,
            ClientId=self._client_id,
            AuthFlow="ADMIN_USER_PASSWORD_AUTH",
            AuthParameters={"USERNAME": user.username, "PASSWORD": user.password},
        )
        return answer["AuthenticationResult"].get("AccessToken", "")
