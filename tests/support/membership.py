"""A chat and its members, as the tests about them speak of it."""

import re
import time
from datetime import datetime

import pytest

from shared.errors import Forbidden, RateLimited
from tests.support.aws import Table
from tests.support.starts import (
    CHAT,
    OWNER,
    chats,
    members,
)

FRIEND, STRANGER = "a-friend", "a-stranger"
WRITE = "TransactWriteItems"


def listed(user: str) -> list[tuple[str, str]]:
    """The chats of a user, each with the role in it."""
    return [(chat["id"], chat["role"]) for chat in chats().list(user)["chats"]]


def invited(user: str) -> list[str]:
    """The chats that a user may accept to join."""
    return [each["chatId"] for each in members().invitations(user)["invitations"]]


def in_chat() -> tuple[list[str], list[str]]:
    """Its members, and who is invited, as the owner is told."""
    chat = chats().read(OWNER, CHAT)
    return chat["members"], chat["invited"]


def sent_so_far(table: Table, count: int, *, over_in: float = 1000.0) -> None:
    """As if the owner had sent so many invitations in an hour that is over so soon."""
    table.change(f"user#{OWNER}", "invitations", sent=count, expiresAt=int(time.time() + over_in))


def no_limit(table: Table) -> None:
    """As if the owner had sent none."""
    table.remove(f"user#{OWNER}", "invitations")


def not_asked_until(moment: float) -> None:
    """A client cannot wait so long: timers of JavaScript end at 24 days."""
    with pytest.raises(Forbidden) as refusal:
        members().invite(OWNER, CHAT, FRIEND)
    assert (refusal.value.code, refusal.value.retry_after) == ("forbidden", None)
    found = re.fullmatch(
        r".* has declined or left this chat, and cannot be invited before (.+Z)\.", refusal.value.message
    )
    assert found is not None
    assert abs(datetime.fromisoformat(found[1]).timestamp() - moment) < 30  # what came before took its time


def refused_until(seconds: float) -> None:
    with pytest.raises(RateLimited) as refusal:
        members().invite(OWNER, CHAT, FRIEND)
    assert (refusal.value.status, refusal.value.code) == (429, "rate_limited")
    assert refusal.value.retry_after is not None
    assert seconds - 30 <= refusal.value.retry_after <= seconds + 1  # whole seconds; what came before took its time
