"""Temporary AWS credentials of a sandbox: one set of keys for each role, random, and worth nothing elsewhere."""

import secrets
import string
from dataclasses import dataclass, field
from threading import Lock

from sandbox.world import ACCOUNT_ID

ADMINISTRATOR = f"arn:aws:iam::{ACCOUNT_ID}:role/sandbox-administrator"
"""The role that may do anything: what the caller of the sandbox signs with."""

_KEY_ID_ALPHABET = string.ascii_uppercase + "234567"


@dataclass(frozen=True)
class Keys:
    """One set of temporary credentials."""

    access_key_id: str
    secret_access_key: str = field(repr=False)
    session_token: str = field(repr=False)


class Credentials:
    """The keys handed out so far. Safe to use from several threads."""

    def __init__(self) -> None:
        self._by_role: dict[str, Keys] = {}
        self._by_id: dict[str, tuple[Keys, str]] = {}
        self._lock = Lock()
        self.administrator = self.for_role(ADMINISTRATOR)

    def for_role(self, role_arn: str) -> Keys:
        """The keys of a role: the same each time."""
        with self._lock:
            if role_arn not in self._by_role:
                keys = _new_keys()
                self._by_role[role_arn] = keys
                self._by_id[keys.access_key_id] = (keys, role_arn)
            return self._by_role[role_arn]

    def principal(self, access_key_id: str) -> tuple[Keys, str] | None:
        """The keys with this id and the ARN of their role, or None for keys that this sandbox never gave out."""
        return self._by_id.get(access_key_id)


def _new_keys() -> Keys:
    key_id = "ASIA" + "".join(secrets.choice(_KEY_ID_ALPHABET) for _ in range(16))
    return Keys(key_id, secrets.token_urlsafe(30), secrets.token_urlsafe(96))
