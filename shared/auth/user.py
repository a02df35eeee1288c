"""Who a verified access token speaks for: the one checker of its claims, on every transport.

Only the issuer signs claims, and they are read with distrust all the same: what is kept of them goes into keys, items
and the authorizer's answer. Without cryptography: AppSync has verified the signature, and gives its functions claims
alone.
"""

import json
import re
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeGuard, cast

from shared.auth.accepted import AcceptedClaims
from shared.contract.tiers import Tier, best_tier
from shared.errors import Unauthenticated

MAX_CLAIMS_BYTES = 7 * 1024
"""All claims, as JSON in ASCII. An authorizer's result, which repeats some of them, has 8 KB at most:
https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-execution-service-websocket-limits-table.html"""
LONGEST_SECONDS = 24 * 3600
"""How long an access token is good at most.
https://docs.aws.amazon.com/cognito/latest/developerguide/amazon-cognito-user-pools-using-the-access-token.html"""
CLOCK_SKEW_SECONDS = 5
"""A token may have been issued so far in our future: the pool's clock is not ours. Its expiry has no leeway."""
MAX_NAME_CHARACTERS = 128
"""Of a username and of a group.
https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_UserType.html"""
PAST_TIMES = ("iat", "nbf", "auth_time")
_SUB = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9_|@.:+=~-]{0,127}")
_SURROGATE = re.compile("[\ud800-\udfff]")
"""Half a pair is in no UTF-8, and so in no log or item."""


@dataclass(frozen=True)
class User:
    """Who a valid access token speaks for; `expires_at` is in epoch seconds."""

    sub: str
    username: str
    groups: tuple[str, ...]
    expires_at: int

    @property
    def tier(self) -> Tier:
        """The best tier among the groups; free in none."""
        return best_tier(self.groups)


def is_sub(value: object) -> TypeGuard[str]:
    """Whether this may be the `sub` of a user. It stands in keys, between signs of ours, and in paths.

    Cognito's are UUIDs; other issuers have e-mail addresses, or names like `google-oauth2|104`.
    """
    return isinstance(value, str) and _SUB.fullmatch(value) is not None


def user_of(claims: Mapping[str, object], accepted: AcceptedClaims) -> User:
    """The user that the claims of an access token speak for. Raises Unauthenticated.

    Signature and issuer are the caller's to check.
    """
    if _size(claims) > MAX_CLAIMS_BYTES:
        raise Unauthenticated(f"The access token has more than {MAX_CLAIMS_BYTES} bytes of claims.")
    if accepted.use and claims.get(accepted.use[0]) != accepted.use[1]:
        raise Unauthenticated("An access token is needed, not an ID token.")
    if not _is_ours(claims.get(accepted.client_claim), accepted):
        raise Unauthenticated("The access token was issued to another application.")
    sub = claims.get("sub")
    if not is_sub(sub):
        raise Unauthenticated("The access token names no user.")
    now = time.time()
    for name in PAST_TIMES:
        if name in claims and not 0 <= _time(claims[name]) <= now + CLOCK_SKEW_SECONDS:
            raise _not_valid()
    expires = _time(claims.get("exp"))
    if expires <= now:
        raise Unauthenticated("The access token has expired. Sign in again.")
    if not expires <= now + LONGEST_SECONDS + CLOCK_SKEW_SECONDS:
        raise _not_valid()
    return User(sub, _name(claims.get("username", sub)), _groups(claims, accepted), int(expires))


def _is_ours(client: object, accepted: AcceptedClaims) -> bool:
    """Only an audience may be several: https://datatracker.ietf.org/doc/html/rfc7519#section-4.1.3"""
    if accepted.client_claim == "aud" and isinstance(client, list):
        clients = cast("list[object]", client)
        return all(isinstance(each, str) for each in clients) and not accepted.client_ids.isdisjoint(clients)
    return isinstance(client, str) and client in accepted.client_ids


def _groups(claims: Mapping[str, object], accepted: AcceptedClaims) -> tuple[str, ...]:
    """A list of names, or at a foreign issuer one name too; a user without the claim is in no group."""
    given: object = claims.get(accepted.groups_claim, ()) if accepted.groups_claim else ()
    if given == ():
        return ()
    if accepted.only_tiers and isinstance(given, str):
        given = [given]
    if not isinstance(given, list):
        raise _not_valid()
    groups = cast("list[object]", given)
    if not accepted.only_tiers:
        return tuple(_name(group) for group in groups)
    if not all(isinstance(group, str) for group in groups):
        raise _not_valid()
    return tuple(tier.value for tier in Tier if tier.value in groups)


def _size(claims: Mapping[str, object]) -> int:
    try:
        return len(json.dumps(claims))
    except (RecursionError, ValueError) as error:  # nested too deeply, or an integer of thousands of digits
        raise _not_valid() from error


def _time(value: object) -> int | float:
    """A number, which may be any: none of the comparisons above holds for NaN."""
    if not isinstance(value, int | float) or isinstance(value, bool):
        raise _not_valid()
    return value


def _name(value: object) -> str:
    if not isinstance(value, str) or not 0 < len(value) <= MAX_NAME_CHARACTERS or _SURROGATE.search(value):
        raise _not_valid()
    return value


def _not_valid() -> Unauthenticated:
    return Unauthenticated("The access token is not valid here.")
