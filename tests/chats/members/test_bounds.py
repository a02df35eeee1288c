"""Nobody is asked into chats without bound."""

import time

import pytest

from shared.chats.members import HOUR, INVITATION_SECONDS, MAX_MEMBERS
from shared.contract.limits import INVITATIONS_AN_HOUR
from shared.errors import InvalidRequest, NotFound, RateLimited
from tests.support.aws import Table
from tests.support.membership import FRIEND, STRANGER, in_chat, invited, no_limit, refused_until, sent_so_far
from tests.support.starts import (
    CHAT,
    OWNER,
    admitted,
    chats,
    members,
)


def test_an_invitation_ends_after_a_month(table: Table) -> None:
    members().invite(OWNER, CHAT, FRIEND)
    long_ago = time.time() - INVITATION_SECONDS - 5
    place = f"invitation#{round(long_ago * 1000):013d}#{CHAT}"
    table.change(f"user#{FRIEND}", f"invitation#{CHAT}", listed=place)
    table.change(f"chat#{CHAT}", "chat", invitations={FRIEND: int(long_ago) + INVITATION_SECONDS})
    assert (invited(FRIEND), in_chat()) == ([], ([], []))
    for act in (members().accept, members().decline):
        with pytest.raises(NotFound):
            act(FRIEND, CHAT)
    with pytest.raises(NotFound):
        members().remove(OWNER, CHAT, FRIEND)
    members().invite(OWNER, CHAT, STRANGER)
    chat = table.chat(CHAT)
    assert chat is not None
    assert chat["invitations"].keys() == {STRANGER}, "what is over is forgotten with the next change"
    assert members().invite(OWNER, CHAT, FRIEND)["invited"] == [STRANGER, FRIEND]
    assert members().accept(FRIEND, CHAT)["members"] == [FRIEND]


def test_members_and_invitations_count_together(table: Table) -> None:
    users = [f"user-{number}" for number in range(MAX_MEMBERS)]
    for number, user in enumerate(users):
        no_limit(table)
        members().invite(OWNER, CHAT, user)
        if number % 2:
            members().accept(user, CHAT)
    no_limit(table)
    before = table.items()
    with pytest.raises(InvalidRequest, match="at most 50"):
        members().invite(OWNER, CHAT, FRIEND)
    assert table.items() == before
    for user in users[::2]:
        assert members().accept(user, CHAT)["members"].count(user) == 1
    with pytest.raises(InvalidRequest):
        members().invite(OWNER, CHAT, FRIEND)
    members().leave(users[7], CHAT)
    assert members().invite(OWNER, CHAT, FRIEND)["invited"] == [FRIEND]
    assert chats().update(OWNER, CHAT, title="Renamed for all")["title"] == "Renamed for all"
    chats().delete(OWNER, CHAT)
    assert [item for item in table.items("user#") if item["sk"].startswith(("chat#", "invitation#"))] == []


def test_a_user_sends_so_many_invitations_an_hour(table: Table) -> None:
    for number in range(INVITATIONS_AN_HOUR):
        members().invite(OWNER, CHAT, f"user-{number}")
    before = table.items()
    refused_until(HOUR)
    admitted("stream-2", chat_id="chat-2", owner=OWNER)
    with pytest.raises(RateLimited):
        members().invite(OWNER, "chat-2", FRIEND)
    assert members().invite(OWNER, CHAT, "user-0")["invited"], "who is invited already costs none"
    assert [item for item in table.items() if item["sk"].startswith("invitation")] == [
        item for item in before if item["sk"].startswith("invitation")
    ]
    sent_so_far(table, INVITATIONS_AN_HOUR, over_in=40)
    refused_until(40)
    sent_so_far(table, INVITATIONS_AN_HOUR - 1, over_in=40)
    members().invite(OWNER, CHAT, FRIEND)
    with pytest.raises(RateLimited):
        members().invite(OWNER, CHAT, STRANGER)


@pytest.mark.parametrize("seconds", [0.0, 0.4, 0.999])
def test_the_moment_that_is_told_is_the_one_from_which_an_invitation_goes_out(
    seconds: float, table: Table, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = int(time.time()) + seconds
    sent_so_far(table, INVITATIONS_AN_HOUR)
    table.change(f"user#{OWNER}", "invitations", expiresAt=int(now) + 100)
    monkeypatch.setattr("shared.chats.members.time.time", lambda: now)
    with pytest.raises(RateLimited) as refusal:
        members().invite(OWNER, CHAT, FRIEND)
    wait = refusal.value.retry_after
    assert wait is not None
    monkeypatch.setattr("shared.chats.members.time.time", lambda: now + wait - 1)
    with pytest.raises(RateLimited):
        members().invite(OWNER, CHAT, FRIEND)
    monkeypatch.setattr("shared.chats.members.time.time", lambda: now + wait)
    assert members().invite(OWNER, CHAT, FRIEND)["invited"] == [FRIEND]
    counter = table.item(f"user#{OWNER}", "invitations")
    assert counter is not None
    assert (int(counter["sent"]), int(counter["expiresAt"])) == (1, int(now + wait + 0.999) + HOUR)
