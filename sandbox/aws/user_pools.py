"""What the sandbox itself must know of user pools, their app clients and the lifetimes of their tokens."""

from dataclasses import dataclass, field
from typing import Literal

# https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_CreateUserPoolClient.html
AUTH_FLOWS = (
    "ALLOW_USER_AUTH",
    "ALLOW_USER_SRP_AUTH",
    "ALLOW_USER_PASSWORD_AUTH",
    "ALLOW_ADMIN_USER_PASSWORD_AUTH",
    "ALLOW_CUSTOM_AUTH",
    "ALLOW_REFRESH_TOKEN_AUTH",
)
DEFAULT_AUTH_FLOWS = ("ALLOW_REFRESH_TOKEN_AUTH", "ALLOW_USER_SRP_AUTH", "ALLOW_CUSTOM_AUTH")
DEFAULT_SESSION_MINUTES = 3
SESSION_MINUTES = (3, 15)

TokenKind = Literal["AccessToken", "IdToken", "RefreshToken"]
TOKEN_KINDS: tuple[TokenKind, ...] = ("AccessToken", "IdToken", "RefreshToken")
HOUR, DAY = 3600, 86_400
UNIT_SECONDS = {"seconds": 1, "minutes": 60, "hours": HOUR, "days": DAY}
DEFAULT_UNITS: dict[TokenKind, str] = {"AccessToken": "hours", "IdToken": "hours", "RefreshToken": "days"}
DEFAULT_LIFETIMES: dict[TokenKind, int] = {"AccessToken": HOUR, "IdToken": HOUR, "RefreshToken": 30 * DAY}
LIFETIMES: dict[TokenKind, tuple[int, int]] = {
    "AccessToken": (300, DAY),
    "IdToken": (300, DAY),
    "RefreshToken": (HOUR, 3650 * DAY),
}
"""Seconds that an app client may ask for, from and to."""


@dataclass
class UserPool:
    """A user pool that the program made."""

    id: str
    clients: list[str] = field(default_factory=list[str])
    """Ids of its app clients."""
    groups: list[str] = field(default_factory=list[str])
