"""Verifies an access token, in the one way that all architectures use.

https://docs.aws.amazon.com/cognito/latest/developerguide/amazon-cognito-user-pools-using-tokens-verifying-a-jwt.html

Issuer and address of the keys are separate inputs: the issuer is what tokens say, the address is where keys are got.
"""

import os
from typing import Self

import jwt

from shared.auth.accepted import AcceptedClaims
from shared.auth.jwks import ALGORITHM, Jwks
from shared.auth.user import User, user_of
from shared.contract.environment import Variable
from shared.errors import InvalidRequest, Unauthenticated
from shared.protocol.strict_json import read_object

MAX_TOKEN_CHARACTERS = 16 * 1024


class TokenVerifier:
    """Signature by the issuer's key, RS256 only, `iss`, and what `user_of` asks of the claims."""

    def __init__(self, issuer: str, accepted: AcceptedClaims, keys: Jwks) -> None:
        self._issuer = issuer
        self._accepted = accepted
        self._keys = keys

    @classmethod
    def from_environment(cls) -> Self:
        """From `TOKEN_ISSUER`, `TOKEN_JWKS_URL`, and what `AcceptedClaims` reads."""
        keys = Jwks(os.environ[Variable.TOKEN_JWKS_URL])
        return cls(os.environ[Variable.TOKEN_ISSUER], AcceptedClaims.from_environment(), keys)

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
            raise Unauthenticated(f"The access token is not signed with {ALGORITHM} by a key that it names.")
        try:
            payload: bytes = jwt.PyJWS().decode(token, self._keys.key(kid), algorithms=[ALGORITHM])
            claims = read_object(payload, "The claims")
        except (jwt.InvalidTokenError, InvalidRequest) as error:
            raise Unauthenticated("The access token is not valid here.") from error
        if claims.get("iss") != self._issuer:
            raise Unauthenticated("The access token is not valid here.")
        return user_of(claims, self._accepted)
