"""Temporary AWS credentials of a sandbox: keys of roles and of users, random, and worth nothing elsewhere."""

import secrets
import string
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from threading import Lock

from sandbox.world import ACCOUNT_ID

ADMINISTRATOR = f"arn:aws:iam::{ACCOUNT_ID}:role/sandbox-administrator"
"""The role that may do anything: what the caller of the sandbox signs with."""

FORGOTTEN_AFTER_SECONDS = 3600
"""How long an expired key is still told from one that was never given out."""

_KEY_ID_ALPHABET = string.ascii_uppercase + "234567"


@dataclass(frozen=True)
class Keys:
    """One set of temporary credentials."""

    access_key_id: str
    secret_access_key: str = field(repr=False)
    session_token: str = field(repr=False)


@dataclass(frozen=True)
class User:
    """Somebody who got keys from an identity pool."""

    identity_pool_id: str
    identity_id: str


@dataclass(frozen=True)
class Principal:
    """Whose keys they are, and until when."""

    keys: Keys
    role_arn: str
    expires_at: float | None = None
    """In epoch seconds; None for the keys of a function and of the administrator, which last as long as the sandbox."""
    user: User | None = None
    """None for a role that nobody but AWS has assumed."""


class Credentials:
    """The keys handed out so far. Safe to use from several threads."""

    def __init__(self, clock: Callable[[], float] = time.time) -> None:
        self._clock = clock
        self._by_role: dict[str, Keys] = {}
        self._by_id: dict[str, Principal] = {}
        self._lock = Lock()
        self.administrator = self.for_role(ADMINISTRATOR)

    def for_role(self, role_arn: str) -> Keys:
        """The keys of a role: the same each time."""
        with self._lock:
            if role_arn not in self._by_role:
                keys = _new_keys()
                self._by_role[role_arn] = keys
                self._by_id[keys.access_key_id] = Principal(keys, role_arn)
            return self._by_role[role_arn]

    def for_user(self, role_arn: str, user: User, seconds: float) -> Principal:
        """New keys of a user who assumes a role for so long; those of others that expired an hour ago are forgotten."""
        now = self._clock()
        with self._lock:
            for key_id, one in [*self._by_id.items()]:
                if one.expires_at is not None and one.expires_at < now - FORGOTTEN_AFTER_SECONDS:
                    del self._by_id[key_id]
            principal = Principal(_new_keys(), role_arn, now + seconds, user)
            self._by_id[principal.keys.access_key_id] = principal
        return principal

    def principal(self, access_key_id: str) -> Principal | None:
        """Whose keys these are; None for keys that this sandbox never gave out, or has forgotten."""
        return self._by_id.get(access_key_id)

    def expired(self, principal: Principal) -> bool:
        """Whether the time of these keys is over."""
        return principal.expires_at is not None and principal.expires_at <= self._clock()


def _new_keys() -> Keys:
    key_id = "ASIA" + "".join(secrets.choice(_KEY_ID_ALPHABET) for _ in range(16))
    return Keys(key_id, secrets.token_urlsafe(30), secrets.token_urlsafe(96))
