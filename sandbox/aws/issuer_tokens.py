"""Tokens of OIDC issuers, checked as AppSync checks them, with keys that are found by discovery.

https://docs.aws.amazon.com/appsync/latest/devguide/security-authz.html and
https://openid.net/specs/openid-connect-discovery-1_0.html
"""

import json
import time
from collections.abc import Mapping
from typing import cast

import httpx
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet, KeySetSerialization

from sandbox.aws.pool_tokens import TokenRefused

DISCOVERY_PATH = "/.well-known/openid-configuration"
MOST_SECONDS = 5.0
"""An issuer that takes longer to answer is not there."""
MIN_REFRESH_SECONDS = 30
"""A token whose key is not known makes us ask the issuer again, but no more often."""


class IssuerTokens:
    """Verifies tokens of any issuer by signature, expiry and `iss`: access and ID tokens alike."""

    def __init__(self) -> None:
        self._keys: dict[str, tuple[KeySet, float]] = {}
        """By issuer; and when they were fetched."""

    async def claims(self, issuer: str, token: str) -> dict[str, object]:
        """The claims of a token that this issuer signed and that has not expired. Raises TokenRefused."""
        try:
            claims: dict[str, object] = jwt.decode(token, await self._keys_for(issuer), algorithms=["RS256"]).claims
        except (JoseError, ValueError):
            if not self._may_ask_again(issuer):
                raise TokenRefused(f"the token is not signed by {issuer}") from None
            del self._keys[issuer]
            return await self.claims(issuer, token)
        expires = claims.get("exp")
        if not isinstance(expires, (int, float)) or expires <= time.time():
            raise TokenRefused("the token has expired")
        if claims.get("iss") != issuer:
            raise TokenRefused(f"the token was issued by {claims.get('iss')!r}")
        return claims

    def _may_ask_again(self, issuer: str) -> bool:
        return time.monotonic() - self._keys[issuer][1] > MIN_REFRESH_SECONDS

    async def _keys_for(self, issuer: str) -> KeySet:
        if issuer not in self._keys:
            self._keys[issuer] = await _fetch(issuer), time.monotonic()
        return self._keys[issuer][0]


async def _fetch(issuer: str) -> KeySet:
    """The keys of an issuer. Raises TokenRefused: without them no token of its can be good."""
    try:
        async with httpx.AsyncClient(timeout=MOST_SECONDS, trust_env=False) as http:
            discovered = (await http.get(f"{issuer.removesuffix('/')}{DISCOVERY_PATH}")).raise_for_status().json()
            if discovered.get("issuer") != issuer:
                raise TokenRefused(f"{issuer} calls itself {discovered.get('issuer')!r} in its discovery document")
            answer = (await http.get(discovered["jwks_uri"])).raise_for_status()
        keys = [key for key in json.loads(answer.content)["keys"] if _signs(key)]
        return KeySet.import_key_set(cast("KeySetSerialization", {"keys": keys}))
    except (httpx.HTTPError, httpx.InvalidURL, JoseError, ValueError, LookupError, TypeError, AttributeError) as error:
        raise TokenRefused(f"{issuer} has no keys to be found: {type(error).__name__}") from error


def _signs(key: Mapping[str, str]) -> bool:
    """A key set may list keys for encryption, and of other kinds, beside those of RS256."""
    return (key.get("kty"), key.get("use", "sig")) == ("RSA", "sig")
