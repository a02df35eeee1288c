"""One-time tickets: what a browser opens a WebSocket with, because it can set no header and its URL gets logged.

A ticket stands for a verified access token. The table holds its SHA-256, so that nobody can read a ticket there. It is
redeemed by one conditional write that leaves a mark on it, with the expiry in the condition: DynamoDB deletes expired
items late. A write whose answer was lost is repeated, and finds its own mark.
"""

import hashlib
import re
import secrets
import time

from handlers.websocket.store import table
from shared.auth.user import User
from shared.contract.limits import TICKET_SECONDS
from shared.errors import Unauthenticated
from shared.table.client import ConditionFailed
from shared.table.keys import Key, ticket_key
from shared.table.writes import put, update, where

TICKET_BYTES = 32
_TICKET = re.compile(r"[A-Za-z0-9_-]{43}")


def issue(user: User) -> tuple[str, int]:
    """A new ticket of this user, and for how many seconds it is good: never longer than the token behind it."""
    ticket = secrets.token_urlsafe(TICKET_BYTES)
    now = int(time.time())
    expires = min(now + TICKET_SECONDS, user.expires_at)
    item = {
        **_key(ticket),
        "sub": user.sub,
        "username": user.username,
        "groups": list(user.groups),
        "tokenExpiresAt": user.expires_at,
        "expiresAt": expires,
    }
    table().write(put(item))
    return ticket, expires - now


def redeem(ticket: str) -> User:
    """The user of a ticket, which is worth nothing from now on. Raises Unauthenticated."""
    refusal = Unauthenticated("The ticket is unknown, used or too old.")
    if _TICKET.fullmatch(ticket) is None:
        raise refusal
    mark = secrets.token_hex(8)
    good = "#expiresAt > :now AND (attribute_not_exists(#redeemedBy) OR #redeemedBy = :mark)"
    taken = update(_key(ticket), {"redeemedBy": mark}, where(good, now=int(time.time()), mark=mark))
    try:
        item = table().write(taken)
    except ConditionFailed as error:
        raise refusal from error
    return User(item["sub"], item["username"], tuple(item["groups"]), item["tokenExpiresAt"])


def _key(ticket: str) -> Key:
    return ticket_key(hashlib.sha256(ticket.encode()).hexdigest())
