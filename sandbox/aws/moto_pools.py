"""User pools of moto with keys of their own, tokens as Amazon Cognito makes them, and sessions that can be revoked.

moto signs the tokens of all pools with one key that is part of its package, never lets a token expire, and gives every
token an hour. https://docs.aws.amazon.com/cognito/latest/developerguide/amazon-cognito-user-pools-using-tokens-with-identity-providers.html
"""

import secrets
import time
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from joserfc import jwt
from joserfc.jwk import RSAKey
from moto.cognitoidp.models import (
    CognitoIdpUser,
    CognitoIdpUserPool,
    CognitoIdpUserPoolAttribute,
    CognitoIdpUserPoolClient,
)

from sandbox.aws.user_pools import DEFAULT_LIFETIMES, DEFAULT_UNITS, HOUR, UNIT_SECONDS, TokenKind

TokenUse = Literal["access", "id"]

KEY_BITS = 2048
ALGORITHM = "RS256"
SCOPE = "aws.cognito.signin.user.admin"
"""The scope of tokens from a sign-in without a managed login page."""
_TRUTHS = {"email_verified", "phone_number_verified"}
"""Attributes that a pool keeps as text, and that are true or false in an ID token."""


@dataclass
class Session:
    """One sign-in: what a refresh token stands for. Times are in epoch seconds."""

    client_id: str
    user: CognitoIdpUser
    began_at: int
    expires_at: int
    origin_jti: str | None
    """Connects the tokens of the session; None for an app client whose tokens cannot be revoked."""
    revoked: bool = False


class OwnPool(CognitoIdpUserPool):
    """A user pool whose tokens nobody else can sign."""

    def __init__(self, account_id: str, region: str, name: str, extended_config: dict[str, Any]) -> None:
        super().__init__(account_id, region, name, extended_config)
        del self.json_web_key  # nothing is to be signed with moto's
        self.keys: dict[TokenUse, RSAKey] = {"access": _new_key(), "id": _new_key()}
        self.sessions: dict[str, Session] = {}
        """By refresh token."""
        self.issued: dict[str, tuple[Session, int]] = {}
        """The session of each access token, and when it expires."""
        self.secret = secrets.token_bytes(32)
        """What is made up for users that do not exist is derived from it."""

    def key_set(self) -> dict[str, object]:
        """The public halves of the keys, as a JWKS."""
        return {"keys": [key.as_dict(private=False) for key in self.keys.values()]}

    def has(self, user: CognitoIdpUser) -> bool:
        """Whether a user is still there; another one may have its name."""
        return self.users.get(user.username) is user

    def find(self, name: str) -> CognitoIdpUser | None:
        """The user with this name, or with this alias where the pool has any."""
        return self._get_user(name)

    def begin_session(self, client: CognitoIdpUserPoolClient, user: CognitoIdpUser) -> tuple[str, Session]:
        """A new session, without tokens yet, and its refresh token."""
        now = int(time.time())
        revocable = client.extended_config.get("EnableTokenRevocation", True)
        session = Session(
            client_id=client.id,
            user=user,
            began_at=now,
            expires_at=now + lifetime(client.extended_config, "RefreshToken"),
            origin_jti=str(uuid.uuid4()) if revocable else None,
        )
        refresh_token = secrets.token_urlsafe(96)
        self.sessions[refresh_token] = session
        return refresh_token, session

    def tokens(self, session: Session) -> dict[str, object]:
        """New tokens, as an `AuthenticationResult` without a refresh token."""
        settings = self.clients[session.client_id].extended_config
        seconds = lifetime(settings, "AccessToken")
        return {
            "AccessToken": self.access_token(session, seconds),
            "IdToken": self.id_token(session, lifetime(settings, "IdToken")),
            "ExpiresIn": seconds,
            "TokenType": "Bearer",
        }

    def access_token(self, session: Session, seconds: int) -> str:
        """An access token that expires in so many seconds, or that has expired if they are negative."""
        claims = {"client_id": session.client_id, "scope": SCOPE, "username": session.user.username}
        token = self._signed("access", session, seconds, claims)
        self.issued[token] = (session, int(time.time()) + seconds)
        self.access_tokens[token] = (session.client_id, session.user.username)  # where moto looks it up
        return token

    def stands(self, sub: object, origin_jti: object) -> bool:
        """Whether a user is there, and the session was not revoked; a session that nothing names cannot be revoked."""
        if not any(user.id == sub for user in self.users.values()):
            return False
        named = [session for session in self.sessions.values() if origin_jti and session.origin_jti == origin_jti]
        return not any(session.revoked for session in named)

    def sign_out(self, username: str) -> None:
        """End all sessions of a user. moto calls it with whatever name the caller gave."""
        user = self.find(username)
        for session in self.sessions.values():
            session.revoked |= session.user is user

    def id_token(self, session: Session, seconds: int) -> str:
        """An ID token that expires in so many seconds, or that has expired if they are negative."""
        attributes = {
            name: value == "true" if name in _TRUTHS else value
            for name, value in session.user.attribute_lookup.items()
            if name in CognitoIdpUserPoolAttribute.STANDARD_SCHEMA or name.startswith("custom:")
        }
        claims = {"aud": session.client_id, "cognito:username": session.user.username}
        return self._signed("id", session, seconds, {**attributes, **claims})

    def _signed(self, use: TokenUse, session: Session, seconds: int, claims: Mapping[str, object]) -> str:
        user, now = session.user, int(time.time())
        issued_at = now if seconds > 0 else now + seconds - HOUR
        everything: dict[str, Any] = {
            **claims,
            "sub": user.id,
            "iss": f"https://cognito-idp.{self.region}.amazonaws.com/{self.id}",
            "token_use": use,
            "auth_time": min(session.began_at, issued_at),
            "iat": issued_at,
            "exp": now + seconds,
            "jti": str(uuid.uuid4()),
        }
        if session.origin_jti is not None:
            everything["origin_jti"] = session.origin_jti
        if user.groups:
            everything["cognito:groups"] = sorted(group.group_name for group in user.groups)
        key = self.keys[use]
        return jwt.encode({"alg": ALGORITHM, "kid": key.kid}, everything, key)

    def _get_user(self, username: str) -> CognitoIdpUser:
        """moto's look-up, which knows no pool where case does not matter."""
        case: dict[str, bool] = self.extended_config.get("UsernameConfiguration") or {}
        if not case.get("CaseSensitive", True):
            username = next((name for name in self._names() if name.lower() == username.lower()), username)
        return super()._get_user(username)

    def _names(self) -> Iterator[str]:
        """What users sign in with: their names and, where the pool has any, their aliases."""
        for user in self.users.values():
            yield user.username
            for kind in self.extended_config.get("UsernameAttributes") or ():
                if kind in user.attribute_lookup:
                    yield user.attribute_lookup[kind]


def lifetime(settings: Mapping[str, Any], kind: TokenKind) -> int:
    """Seconds that a token of this kind lives, by the settings of its app client."""
    value: int = settings.get(f"{kind}Validity") or 0
    units: dict[TokenKind, str] = settings.get("TokenValidityUnits") or {}
    return value * UNIT_SECONDS[units.get(kind, DEFAULT_UNITS[kind])] or DEFAULT_LIFETIMES[kind]


def _new_key() -> RSAKey:
    return RSAKey.generate_key(KEY_BITS, {"alg": ALGORITHM, "use": "sig"}, auto_kid=True)
