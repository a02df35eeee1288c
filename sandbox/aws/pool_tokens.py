"""Tokens of user pools, checked as AppSync checks them, and the keys that sign them."""

import asyncio
import json
import time
from collections.abc import Mapping
from typing import cast

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet, KeySetSerialization

from sandbox.aws.moto_proxy import MotoProxy
from sandbox.aws.user_pools import UserPool
from sandbox.world import World


class TokenRefused(Exception):
    """A token that this pool did not sign, that has expired, or that is none."""


class PoolTokens:
    """Verifies tokens of user pools as AppSync does: access and ID tokens alike, by signature, expiry and issuer."""

    def __init__(self, world: World, user_pools: Mapping[str, UserPool], moto: MotoProxy) -> None:
        self._world = world
        self._user_pools = user_pools
        self._moto = moto
        self._keys: dict[str, asyncio.Task[KeySet]] = {}

    async def claims(self, user_pool_id: str, token: str) -> dict[str, object]:
        """The claims of a token that this pool signed and that has not expired. Raises TokenRefused."""
        if user_pool_id not in self._user_pools:
            raise TokenRefused(f"there is no user pool {user_pool_id}")
        keys = await self._keys_of(user_pool_id)
        try:
            claims: dict[str, object] = jwt.decode(token, keys, algorithms=["RS256"]).claims
        except (JoseError, ValueError) as error:
            raise TokenRefused(f"the token is not signed by {user_pool_id}: {error}") from None
        expires = claims.get("exp")
        if not isinstance(expires, (int, float)) or expires <= time.time():
            raise TokenRefused("the token has expired")
        if claims.get("iss") != f"https://cognito-idp.{self._world.region}.amazonaws.com/{user_pool_id}":
            raise TokenRefused(f"the token was issued by {claims.get('iss')!r}")
        return claims

    async def _keys_of(self, user_pool_id: str) -> KeySet:
        """The signing keys, fetched once; a failed fetch is not kept."""
        task = self._keys.get(user_pool_id)
        if task is None or (task.done() and (task.cancelled() or task.exception())):
            task = asyncio.create_task(self._fetch(user_pool_id))
            self._keys[user_pool_id] = task
        return await asyncio.shield(task)

    async def _fetch(self, user_pool_id: str) -> KeySet:
        answer = await fetch_keys(self._moto, user_pool_id)
        return KeySet.import_key_set(cast("KeySetSerialization", json.loads(answer)))


async def still_signed_in(moto: MotoProxy, user_pool_id: str, claims: Mapping[str, object]) -> bool:
    """Whether the user of a token is still in the pool, and the sign-in that it is from was not revoked.

    Raises CallRefused when moto's process does not answer.
    """
    named = {"sub": claims.get("sub"), "originJti": claims.get("origin_jti")}
    body, headers = json.dumps(named).encode(), {"content-type": "application/json"}
    answer = await moto.send("POST", f"/{user_pool_id}/sign-in", headers, body)
    return bool(cast("dict[str, object]", answer.json())["stands"])


async def fetch_keys(moto: MotoProxy, user_pool_id: str) -> bytes:
    """The JWKS of a user pool, as JSON. Raises CallRefused when moto's process does not answer."""
    return (await moto.send("GET", f"/{user_pool_id}/.well-known/jwks.json", {}, b"")).content
