"""Who a verified access token speaks for. Without cryptography: AppSync has verified its tokens itself."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import cast

from shared.errors import Unauthenticated


@dataclass(frozen=True)
class User:
    """Who a valid access token speaks for; `expires_at` is in epoch seconds."""

    sub: str
    username: str
    groups: tuple[str, ...]
    expires_at: int


def check_claims(claims: Mapping[str, object], client_ids: frozenset[str]) -> None:
    """What AppSync does not check for us, and a signature does not say. Raises Unauthenticated."""
    if claims.get("token_use") != "access":
        raise Unauthenticated("An access token is needed, not an ID token.")
    client_id = claims.get("client_id")
    if not isinstance(client_id, str) or client_id not in client_ids:
        raise Unauthenticated("The access token was issued to another application.")


def user_of(claims: Mapping[str, object]) -> User:
    """The user that verified claims speak for. Raises Unauthenticated when they name none."""
    sub, expires = claims.get("sub"), claims.get("exp")
    if not isinstance(sub, str) or not sub or not isinstance(expires, int | float):
        raise Unauthenticated("The access token names no user.")
    groups = claims.get("cognito:groups", [])
    names = tuple(str(group) for group in cast("list[object]", groups)) if isinstance(groups, list) else ()
    return User(sub, str(claims.get("username", sub)), names, int(expires))
