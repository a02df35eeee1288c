"""The audit record: each act on a chat is in it exactly when it was done, and nothing of what was said."""

import re
import time
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime

import pytest

from shared.chats.audit import AUDIT_KEPT_SECONDS
from shared.chats.members import Members
from shared.chats.store import ChatStore
from shared.errors import Busy, Forbidden, NotFound
from tests.support.aws import Table
from tests.support.interference import refused
from tests.support.membership import FRIEND, STRANGER
from tests.support.starts import CHAT, OWNER, admitted, chats, members, shared_with

Facts = list[tuple[str, str, str | None]]
"""(act, actor, subject)"""


def record(table: Table, about: str, name: str) -> list[dict[str, object]]:
    """The facts about a chat or a user, in order."""
    items = [item for item in table.items() if item["pk"] == f"audit#{about}#{name}"]
    return sorted(items, key=lambda item: str(item["sk"]))


def facts(table: Table, about: str, name: str) -> Facts:
    return [(str(item["act"]), str(item["actor"]), item.get("subject")) for item in record(table, about, name)]  # pyright: ignore


def audit(table: Table) -> list[dict[str, object]]:
    return [item for item in table.items() if str(item["pk"]).startswith("audit#")]


def invite() -> None:
    members().invite(OWNER, CHAT, FRIEND)


ACTS: dict[str, tuple[Callable[[], object], Callable[[], object], tuple[str, str, str | None]]] = {
    "invited": (lambda: None, invite, ("invited", OWNER, FRIEND)),
    "accepted": (invite, lambda: members().accept(FRIEND, CHAT), ("accepted", FRIEND, None)),
    "declined": (invite, lambda: members().decline(FRIEND, CHAT), ("declined", FRIEND, None)),
    "withdrawn": (invite, lambda: members().remove(OWNER, CHAT, FRIEND), ("withdrawn", OWNER, FRIEND)),
    "left": (lambda: shared_with(FRIEND), lambda: members().leave(FRIEND, CHAT), ("left", FRIEND, None)),
    "removed": (
        lambda: shared_with(FRIEND),
        lambda: members().remove(OWNER, CHAT, FRIEND),
        ("removed", OWNER, FRIEND),
    ),
    "deleted": (lambda: shared_with(FRIEND), lambda: chats().delete(OWNER, CHAT), ("deleted", OWNER, None)),
}
each_act = pytest.mark.parametrize(("before", "act", "fact"), ACTS.values(), ids=ACTS.keys())


@pytest.fixture(autouse=True)
def chat(table: Table) -> Table:
    """A chat of the owner's, with a secret in it."""
    admitted("stream-1", "My password is tulip")
    return table


@each_act
def test_an_act_is_recorded_about_the_chat_who_did_it_and_whom_it_was_done_to(
    table: Table, before: Callable[[], object], act: Callable[[], object], fact: tuple[str, str, str | None]
) -> None:
    before()
    known = len(audit(table))
    act()
    _, actor, subject = fact
    assert facts(table, "chat", CHAT)[-1] == fact
    assert facts(table, "user", actor)[-1] == fact
    assert subject is None or facts(table, "user", subject)[-1] == fact
    assert len(audit(table)) - known == (2 if subject is None else 3)


@pytest.mark.parametrize(("before", "act"), [(before, act) for before, act, _ in ACTS.values()], ids=ACTS.keys())
def test_a_repeated_act_adds_nothing(table: Table, before: Callable[[], object], act: Callable[[], object]) -> None:
    before()
    act()
    known = audit(table)
    with suppress(Forbidden, NotFound):
        act()
    assert audit(table) == known


@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize(
    "act",
    [
        lambda members, _: members.invite(OWNER, CHAT, STRANGER),
        lambda members, _: members.leave(FRIEND, CHAT),
        lambda members, _: members.remove(OWNER, CHAT, FRIEND),
        lambda _, chats: chats.delete(OWNER, CHAT),
    ],
    ids=["invited", "left", "removed", "deleted"],
)
def test_an_act_that_is_not_done_is_not_recorded(table: Table, act: Callable[[Members, ChatStore], object]) -> None:
    shared_with(FRIEND)
    known = table.items()
    disturbed = members()
    with refused(disturbed.table.client, "TransactWriteItems", "None", "TransactionConflict"), pytest.raises(Busy):
        act(disturbed, ChatStore(disturbed.table))
    assert table.items() == known


def test_the_record_outlives_the_chat_by_the_time_that_it_is_kept(table: Table) -> None:
    shared_with(FRIEND)
    chats().delete(OWNER, CHAT)
    assert [act for act, _, _ in facts(table, "chat", CHAT)] == ["invited", "accepted", "deleted"]
    for item in audit(table):
        at = datetime.fromisoformat(str(item["at"])).timestamp()
        assert abs(at - time.time()) < 60
        assert int(at) + AUDIT_KEPT_SECONDS == int(str(item["expiresAt"]))


def test_the_record_holds_ids_and_times_alone(table: Table) -> None:
    shared_with(FRIEND)
    members().remove(OWNER, CHAT, FRIEND)
    for item in audit(table):
        assert set(item) <= {"pk", "sk", "act", "actor", "subject", "chatId", "at", "expiresAt"}
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT[\d:.]+Z#[0-9a-f]{16}", str(item["sk"]))
        assert "tulip" not in str(item)
