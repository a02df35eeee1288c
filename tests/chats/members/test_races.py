"""Of members and owners who decide at once, each is heard."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest

from shared.chats.members import Members
from shared.contract.limits import INVITATIONS_AN_HOUR
from shared.errors import NotFound, RateLimited
from tests.support.aws import Table
from tests.support.interference import first_answers_lost, just_before, sent
from tests.support.membership import FRIEND, STRANGER, WRITE, in_chat, invited, listed, sent_so_far
from tests.support.server import WAIT_SECONDS
from tests.support.starts import CHAT, OWNER, admitted, chats, members, repository, shared_with, used


def test_many_invitations_at_once_are_counted_one_by_one(table: Table) -> None:
    sent_so_far(table, INVITATIONS_AN_HOUR - 4)
    together = threading.Barrier(8)
    for number in range(8):
        repository().end(admitted(f"s-{number}", chat_id=f"chat-of-{number}", running=True), used(), [])

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
    with (
        just_before(disturbed.table.client, WRITE, lambda: members().remove(OWNER, CHAT, FRIEND)),
        pytest.raises(NotFound),
    ):
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
