"""Nobody is in a chat without their consent, or for longer than they like; and nobody is asked without bound."""

import re
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from typing import Any

import pytest

from shared.chats.members import HOUR, INVITATION_SECONDS, MAX_MEMBERS, Members
from shared.contract.limits import INVITATIONS_AN_HOUR
from shared.errors import Busy, Forbidden, InvalidRequest, NotFound, RateLimited
from shared.models.events import Usage
from shared.table.client import TableClient
from tests.support.aws import TABLE, Table
from tests.support.interference import first_answers_lost, just_before, refused, sent
from tests.support.server import WAIT_SECONDS
from tests.support.starts import (
    CHAT,
    OWNER,
    PROMPT,
    admitted,
    chats,
    members,
    repository,
    running,
    shared_with,
)

FRIEND, STRANGER = "a-friend", "a-stranger"
WRITE = "TransactWriteItems"


@pytest.fixture(autouse=True)
def talk(table: Table) -> None:  # noqa: ARG001
    """A chat of one question and its answer."""
    repository().end(running(), {}, [{"type": "text", "text": "Because."}])


@pytest.fixture
def disturbed() -> Members:
    """Members of a client of its own, for what is done to it."""
    return Members(TableClient(TABLE))


def listed(user: str) -> list[tuple[str, str]]:
    return [(chat["id"], chat["role"]) for chat in chats().list(user)["chats"]]


def invited(user: str) -> list[str]:
    return [each["chatId"] for each in members().invitations(user)["invitations"]]


def in_chat() -> tuple[list[str], list[str]]:
    """Its members, and who is invited, as the owner is told."""
    chat = chats().read(OWNER, CHAT)
    return chat["members"], chat["invited"]


def sent_so_far(table: Table, count: int, *, over_in: float = 1000.0) -> None:
    """As if the owner had sent so many invitations in an hour that is over so soon."""
    table.change(f"user#{OWNER}", "invitations", sent=count, expiresAt=int(time.time() + over_in))


def no_limit(table: Table) -> None:
    table.remove(f"user#{OWNER}", "invitations")


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
    assert refusal.value.message == f"There is no chat {CHAT!r} among yours."
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
    repository().end(admitted("stream-2", owner=STRANGER, running=True), {}, [])
    assert members().invite(STRANGER, CHAT, FRIEND)["invited"] == [FRIEND]


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


def test_a_member_leaves_and_what_they_run_there_is_cancelled() -> None:
    shared_with(FRIEND, STRANGER)
    theirs = admitted("stream-2", "And?", owner=FRIEND)
    members().leave(FRIEND, CHAT)
    assert repository().renew(theirs, Usage(1, 1), "m").state == "cancelled"
    assert listed(FRIEND) == []
    assert in_chat() == ([STRANGER], [])
    not_asked_until(time.time() + INVITATION_SECONDS)


OUT_OF_THE_CHAT: dict[str, Callable[[Members], object]] = {
    "leaving": lambda members: members.leave(FRIEND, CHAT),
    "removing": lambda members: members.remove(OWNER, CHAT, FRIEND),
}


@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize("act", OUT_OF_THE_CHAT.values(), ids=OUT_OF_THE_CHAT.keys())
def test_a_cancel_that_failed_when_a_member_went_is_made_by_the_same_request_again(
    act: Callable[[Members], object], disturbed: Members
) -> None:
    shared_with(FRIEND)
    theirs = admitted("stream-2", "And?", owner=FRIEND)
    with refused(disturbed.table.client, "UpdateItem", "ThrottlingException"):
        with pytest.raises(Busy):
            act(disturbed)
        with pytest.raises(Busy):
            act(disturbed)
    assert in_chat() == ([], [])
    with pytest.raises(NotFound):
        act(disturbed)
    assert repository().renew(theirs, Usage(1, 1), "m").state == "cancelled"


@pytest.mark.parametrize(
    ("act", "refusal"),
    [
        (lambda: members().leave(OWNER, CHAT), InvalidRequest),
        (lambda: members().remove(OWNER, CHAT, OWNER), NotFound),
        (lambda: members().remove(FRIEND, CHAT, OWNER), Forbidden),
        (lambda: members().remove(STRANGER, CHAT, OWNER), NotFound),
    ],
    ids=["the owner leaves", "the owner removes the owner", "a member removes the owner", "a stranger does"],
)
def test_what_takes_nobody_out_cancels_nothing(act: Callable[[], object], refusal: type[Exception]) -> None:
    shared_with(FRIEND)
    stream = admitted("stream-2", "And?", running=True)
    with pytest.raises(refusal):
        act()
    assert repository().renew(stream, Usage(1, 1), "m").state == "running"


def test_the_owner_cannot_leave(table: Table) -> None:
    before = table.items()
    with pytest.raises(InvalidRequest, match="Delete it"):
        members().leave(OWNER, CHAT)
    assert table.items() == before


def test_who_is_removed_is_cut_off_and_may_be_asked_again() -> None:
    shared_with(FRIEND)
    theirs = admitted("stream-2", "And?", owner=FRIEND)
    assert members().remove(OWNER, CHAT, FRIEND)["members"] == []
    assert repository().renew(theirs, Usage(1, 1), "m").state == "cancelled"
    assert listed(FRIEND) == []
    assert members().invite(OWNER, CHAT, FRIEND)["invited"] == [FRIEND]
    assert members().remove(OWNER, CHAT, FRIEND)["invited"] == []
    assert invited(FRIEND) == []


@pytest.mark.parametrize("sub", [STRANGER, OWNER])
def test_nobody_is_removed_who_is_not_in_the_chat(sub: str, table: Table) -> None:
    shared_with(FRIEND)
    before = table.items()
    with pytest.raises(NotFound):
        members().remove(OWNER, CHAT, sub)
    assert table.items() == before


@pytest.mark.parametrize("sub", [FRIEND, STRANGER, OWNER, "another"])
def test_a_member_invites_and_removes_nobody(sub: str, table: Table) -> None:
    shared_with(FRIEND, STRANGER)
    before = table.items()
    for act in (members().invite, members().remove):
        with pytest.raises(Forbidden):
            act(FRIEND, CHAT, sub)
    assert table.items() == before


def test_a_member_who_stays_keeps_the_place_in_the_list(table: Table) -> None:
    shared_with(FRIEND)
    admitted("stream-2", "And?", owner=FRIEND)
    before = table.membership(FRIEND, CHAT)
    shared_with(STRANGER)
    assert table.membership(FRIEND, CHAT) == before
    assert before is not None
    assert before["latestStream"] == "stream-2"


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


def test_many_invitations_at_once_are_counted_one_by_one(table: Table) -> None:
    sent_so_far(table, INVITATIONS_AN_HOUR - 4)
    together = threading.Barrier(8)
    for number in range(8):
        repository().end(admitted(f"s-{number}", chat_id=f"chat-of-{number}", running=True), {}, [])

    def invite(number: int) -> bool:
        together.wait(WAIT_SECONDS)
        try:
            Members(members().table).invite(OWNER, f"chat-of-{number}", FRIEND)
        except RateLimited:
            return False
        return True

    with ThreadPoolExecutor(8) as threads:
        outcomes = list(threads.map(invite, range(8)))
    assert outcomes.count(True) == 4 == len(invited(FRIEND))


RACES: dict[str, tuple[str, Callable[[], object], tuple[list[str], list[str]]]] = {
    # what comes in between: the act, what then is its outcome, and who is in the chat in the end
    "an accept that is too late for a removal": ("accept", lambda: members().remove(OWNER, CHAT, FRIEND), ([], [])),
    "a decline that is too late for an accept": ("decline", lambda: members().accept(FRIEND, CHAT), ([FRIEND], [])),
    "an accept that is too late for a decline": ("accept", lambda: members().decline(FRIEND, CHAT), ([], [])),
}


@pytest.mark.parametrize(("act", "between", "left"), RACES.values(), ids=RACES.keys())
def test_of_two_who_decide_at_once_the_first_has_decided(
    act: str, between: Callable[[], object], left: tuple[list[str], list[str]], disturbed: Members
) -> None:
    members().invite(OWNER, CHAT, FRIEND)
    with just_before(disturbed.table.client, WRITE, between), pytest.raises(NotFound):
        getattr(disturbed, act)(FRIEND, CHAT)
    assert in_chat() == left
    assert (listed(FRIEND) != []) is (left[0] != [])
    assert invited(FRIEND) == []


def test_an_invitation_to_a_chat_that_is_deleted_meanwhile_leads_nowhere(disturbed: Members, table: Table) -> None:
    members().invite(OWNER, CHAT, FRIEND)
    with just_before(disturbed.table.client, WRITE, lambda: chats().delete(OWNER, CHAT)), pytest.raises(NotFound):
        disturbed.accept(FRIEND, CHAT)
    assert table.items(f"user#{FRIEND}") == []
    table.remove(f"chat#{CHAT}", "chat")
    admitted("stream-9", owner=STRANGER)
    for act in (members().accept, members().decline):
        with pytest.raises(NotFound):
            act(FRIEND, CHAT)
    assert chats().read(STRANGER, CHAT)["members"] == [], "another chat of the same id has invited nobody"


def test_two_who_come_and_go_at_once_are_both_heard(disturbed: Members) -> None:
    members().invite(OWNER, CHAT, FRIEND)
    shared_with(STRANGER)
    with just_before(disturbed.table.client, WRITE, lambda: members().leave(STRANGER, CHAT)):
        disturbed.accept(FRIEND, CHAT)
    assert in_chat() == ([FRIEND], [])


def test_a_member_who_is_removed_while_leaving_is_gone(disturbed: Members) -> None:
    shared_with(FRIEND)
    remove: Any = lambda: members().remove(OWNER, CHAT, FRIEND)  # noqa: E731
    with just_before(disturbed.table.client, WRITE, remove), pytest.raises(NotFound):
        disturbed.leave(FRIEND, CHAT)
    assert in_chat() == ([], [])


def test_an_act_whose_answer_was_lost_is_made_once(disturbed: Members, table: Table) -> None:
    """DynamoDB knows a repeated transaction by its token; the table of the test does not."""
    with first_answers_lost(disturbed.table.client, WRITE):
        disturbed.invite(OWNER, CHAT, FRIEND)
    assert in_chat() == ([], [FRIEND])
    counter = table.item(f"user#{OWNER}", "invitations")
    assert counter is not None
    assert counter["sent"] == 1
    with first_answers_lost(disturbed.table.client, WRITE):
        disturbed.accept(FRIEND, CHAT)
    assert in_chat() == ([FRIEND], [])


def test_an_invitation_costs_two_requests(disturbed: Members) -> None:
    with sent(disturbed.table.client) as requests:
        disturbed.invite(OWNER, CHAT, FRIEND)
    assert requests == ["BatchGetItem", WRITE]


def test_the_members_are_those_of_the_environment() -> None:
    assert Members.from_environment().invite(OWNER, CHAT, FRIEND)["invited"] == [FRIEND]
