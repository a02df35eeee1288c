"""Verifies a Cognito access token, in the one way that all architectures use.

https://docs.aws.amazon.com/cognito/latest/developerguide/amazon-cognito-user-pools-using-tokens-verifying-a-jwt.html

Issuer and address of the keys are separate inputs: the issuer is what tokens say, the address is where keys are got.
"""

import os
import time
from collections.abc import Mapping
from typing import Self, cast

import jwt

from shared.auth.jwks import Jwks
from shared.auth.user import User, check_claims, user_of
from shared.errors import Unauthenticated

ALGORITHM = "RS256"
MAX_TOKEN_CHARACTERS = 16 * 1024
CLOCK_SKEW_SECONDS = 5
"""A token may have been issued so far in our future: the pool's clock is not ours. `exp` and `nbf` have no leeway."""


class TokenVerifier:
    """Signature by the pool's key, RS256 only, `exp`, `iss`, `token_use` = access, and `client_id` of ours."""

    def __init__(self, issuer: str, client_ids: frozenset[str], keys: Jwks) -> None:
        self._issuer = issuer
        self._client_ids = client_ids
        self._keys = keys

    @classmethod
    def from_environment(cls) -> Self:
        """From `TOKEN_ISSUER`, `TOKEN_JWKS_URL` and `TOKEN_CLIENT_IDS` (comma-separated)."""
        client_ids = frozenset(os.environ["TOKEN_CLIENT_IDS"].split(","))
        return cls(os.environ["TOKEN_ISSUER"], client_ids, Jwks(os.environ["TOKEN_JWKS_URL"]))

    def verify(self, token: str) -> User:
        """The user of an access token. Raises Unauthenticated, and says no more than a client may know."""
        if len(token) > MAX_TOKEN_CHARACTERS or not token.isascii():
            raise Unauthenticated("The access token is malformed.")
        try:
            header = jwt.get_unverified_header(token)
        except jwt.InvalidTokenError as error:
            raise Unauthenticated("The access token is malformed.") from error
        kid = header.get("kid")
        if header.get("alg") != ALGORITHM or not isinstance(kid, str):
            raise Unauthenticated("The access token is not signed as this user pool signs.")
        try:
            claims = cast(
                "Mapping[str, object]",
                jwt.decode(
                    token,
                    self._keys.key(kid),
                    algorithms=[ALGORITHM],
                    issuer=self._issuer,
                    # Access tokens name their client in `client_id`; `aud` is there only with resource binding.
                    # `iat` is checked below: the library has one leeway for all times.
                    options={"require": ["exp", "iss", "sub"], "verify_aud": False, "verify_iat": False},
                ),
            )
        except jwt.ExpiredSignatureError as error:
            raise Unauthenticated("The access token has expired. Sign in again.") from error
        except jwt.InvalidTokenError as error:
            raise Unauthenticated("The access token is not valid here.") from error
        issued_at = claims.get("iat", 0)
        if not isinstance(issued_at, int | float) or issued_at > time.time() + CLOCK_SKEW_SECONDS:
            raise Unauthenticated("The access token is not valid here.")
        check_claims(claims, self._client_ids)
        return user_of(claims)
