"""Nobody is in a chat without their consent."""

import time
from collections.abc import Callable

import pytest

from shared.chats.members import INVITATION_SECONDS
from shared.errors import InvalidRequest, NotFound
from tests.support.aws import Table
from tests.support.membership import FRIEND, STRANGER, in_chat, invited, listed, not_asked_until
from tests.support.starts import CHAT, OWNER, PROMPT, admitted, chats, members, repository, shared_with, used


def test_an_invitation_is_listed_apart_and_says_from_whom_it_is() -> None:
    header = members().invite(OWNER, CHAT, FRIEND)
    assert (header["id"], header["members"], header["invited"]) == (CHAT, [], [FRIEND])
    [invitation] = members().invitations(FRIEND)["invitations"]
    assert (invitation["chatId"], invitation["title"], invitation["from"]) == (CHAT, PROMPT, OWNER)
    assert invitation.keys() == {"chatId", "title", "from", "at"}
    assert len(invitation["at"]) == len("2026-11-21T03:55:22.123Z")
    assert listed(FRIEND) == []
    assert members().invitations(OWNER) == members().invitations(STRANGER) == {"invitations": []}


FOR_THOSE_WITHIN: dict[str, Callable[[str], object]] = {
    "read": lambda user: chats().read(user, CHAT),
    "talk": lambda user: admitted("stream-2", owner=user),
    "resume": lambda user: repository().resumable(user, CHAT),
    "rename": lambda user: chats().update(user, CHAT, title="Mine"),
    "delete": lambda user: chats().delete(user, CHAT),
    "invite": lambda user: members().invite(user, CHAT, "another"),
    "remove": lambda user: members().remove(user, CHAT, "another"),
    "leave": lambda user: members().leave(user, CHAT),
}


@pytest.mark.parametrize("act", FOR_THOSE_WITHIN.values(), ids=FOR_THOSE_WITHIN.keys())
@pytest.mark.parametrize("how", ["invited", "declined", "left", "removed", "withdrawn", "never"])
def test_the_chat_is_not_there_for_who_has_not_accepted_or_is_gone(
    how: str, act: Callable[[str], object], table: Table
) -> None:
    if how in ("invited", "declined", "withdrawn"):
        members().invite(OWNER, CHAT, FRIEND)
    elif how != "never":
        shared_with(FRIEND)
    match how:
        case "declined":
            members().decline(FRIEND, CHAT)
        case "left":
            members().leave(FRIEND, CHAT)
        case "removed" | "withdrawn":
            members().remove(OWNER, CHAT, FRIEND)
        case _:
            pass
    before = table.items()
    with pytest.raises(NotFound) as refusal:
        act(FRIEND)
    assert refusal.value.message == f"You have no chat {CHAT!r}."
    assert table.items() == before


def test_who_accepts_is_a_member() -> None:
    members().invite(OWNER, CHAT, FRIEND)
    header = members().accept(FRIEND, CHAT)
    assert (header["id"], header["members"]) == (CHAT, [FRIEND])
    assert "invited" not in header, "whom else the owner has invited is the owner's"
    assert "invited" not in chats().read(FRIEND, CHAT)
    assert (listed(FRIEND), invited(FRIEND)) == ([(CHAT, "member")], [])
    assert in_chat() == ([FRIEND], [])
    assert admitted("stream-2", "And?", owner=FRIEND).messages[0].text == PROMPT


def test_accepting_twice_is_being_a_member(table: Table) -> None:
    shared_with(FRIEND)
    before = table.items()
    assert members().accept(FRIEND, CHAT)["members"] == [FRIEND]
    assert table.items() == before


def test_inviting_twice_is_one_invitation_and_counts_once(table: Table) -> None:
    members().invite(OWNER, CHAT, FRIEND)
    before = table.items()
    assert members().invite(OWNER, CHAT, FRIEND)["invited"] == [FRIEND]
    assert table.items() == before
    members().accept(FRIEND, CHAT)
    before = table.items()
    assert members().invite(OWNER, CHAT, FRIEND)["members"] == [FRIEND]
    assert table.items() == before


NO_OTHERS: list[object] = [None, "", "a b", "user#x", "x" * 129, 7, ["a"], {"a": 1}, "\ud800", "ä", OWNER]


@pytest.mark.parametrize("sub", NO_OTHERS, ids=ascii)
def test_what_is_no_other_user_is_not_invited(sub: object, table: Table) -> None:
    before = table.items()
    with pytest.raises(InvalidRequest):
        members().invite(OWNER, CHAT, sub)
    assert table.items() == before


@pytest.mark.parametrize("act", ["accept", "decline"])
def test_there_is_nothing_to_accept_or_decline_for_who_was_not_invited(act: str, table: Table) -> None:
    members().invite(OWNER, CHAT, FRIEND)
    before = table.items()
    with pytest.raises(NotFound) as foreign:
        getattr(members(), act)(STRANGER, CHAT)
    with pytest.raises(NotFound) as unknown:
        getattr(members(), act)(STRANGER, "never-was")
    assert foreign.value.message.replace(CHAT, "…") == unknown.value.message.replace("never-was", "…")
    assert table.items() == before


def test_who_declines_is_not_asked_again_for_a_month(table: Table) -> None:
    members().invite(OWNER, CHAT, FRIEND)
    members().decline(FRIEND, CHAT)
    assert (in_chat(), invited(FRIEND)) == (([], []), [])
    not_asked_until(time.time() + INVITATION_SECONDS)
    soon = int(time.time()) + 90
    table.change(f"user#{FRIEND}", f"quiet#{CHAT}", expiresAt=soon)
    not_asked_until(soon)
    table.change(f"user#{FRIEND}", f"quiet#{CHAT}", expiresAt=int(time.time()) - 1)
    assert members().invite(OWNER, CHAT, FRIEND)["invited"] == [FRIEND]


def test_whoever_has_declined_a_chat_may_be_asked_into_another_s_of_the_same_id(table: Table) -> None:
    members().invite(OWNER, CHAT, FRIEND)
    members().decline(FRIEND, CHAT)
    chats().delete(OWNER, CHAT)
    table.remove(f"chat#{CHAT}", "chat")
    repository().end(admitted("stream-2", owner=STRANGER, running=True), used(), [])
    assert members().invite(STRANGER, CHAT, FRIEND)["invited"] == [FRIEND]
