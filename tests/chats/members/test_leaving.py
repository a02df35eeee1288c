"""Nobody is in a chat for longer than they like, or than its owner likes."""

import time
from collections.abc import Callable

import pytest

from shared.chats.members import INVITATION_SECONDS, Members
from shared.errors import Busy, Forbidden, InvalidRequest, NotFound
from shared.models.events import Usage
from tests.support.aws import Table
from tests.support.interference import refused
from tests.support.membership import FRIEND, STRANGER, in_chat, invited, listed, not_asked_until
from tests.support.starts import (
    CHAT,
    OWNER,
    admitted,
    members,
    repository,
    shared_with,
)


def test_a_member_leaves_and_what_they_run_there_is_cancelled() -> None:
    shared_with(FRIEND, STRANGER)
    theirs = admitted("stream-2", "And?", owner=FRIEND)
    members().leave(FRIEND, CHAT)
    assert repository().leases.renew(theirs, Usage(1, 1), "m").state == "cancelled"
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
    assert repository().leases.renew(theirs, Usage(1, 1), "m").state == "cancelled"


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
    assert repository().leases.renew(stream, Usage(1, 1), "m").state == "running"


def test_the_owner_cannot_leave(table: Table) -> None:
    before = table.items()
    with pytest.raises(InvalidRequest, match="Delete it"):
        members().leave(OWNER, CHAT)
    assert table.items() == before


def test_who_is_removed_is_cut_off_and_may_be_asked_again() -> None:
    shared_with(FRIEND)
    theirs = admitted("stream-2", "And?", owner=FRIEND)
    assert members().remove(OWNER, CHAT, FRIEND)["members"] == []
    assert repository().leases.renew(theirs, Usage(1, 1), "m").state == "cancelled"
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
