"""Chats as a user sees them: their own and those they are members of, and nothing of anybody else's."""

import time
from contextlib import nullcontext, suppress
from typing import Any

import pytest

from shared.chats.store import DELETED_KEPT_SECONDS, ChatStore
from shared.chats.title import MAX_TITLE_CHARACTERS
from shared.errors import Forbidden, InvalidRequest, NotFound
from shared.models.events import Usage
from shared.table.client import TableClient
from tests.support.aws import TABLE, Table
from tests.support.interference import just_before, sent
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
    start,
    used,
)

FRIEND, STRANGER = "a-friend", "a-stranger"
ANSWER = [{"type": "reasoning", "text": "Hm."}, {"type": "text", "text": "Because."}]
BOOKED = used()


@pytest.fixture(autouse=True)
def talk(table: Table) -> None:  # noqa: ARG001
    """A chat of one question and its answer, that a friend is a member of."""
    repository().end(running(), BOOKED, ANSWER)
    shared_with(FRIEND)


def listed(user: str) -> list[tuple[str, str, str]]:
    return [(chat["id"], chat["title"], chat["role"]) for chat in chats().list(user)["chats"]]


@pytest.mark.parametrize("user", [OWNER, FRIEND])
def test_owner_and_member_read_the_chat_with_its_history(user: str) -> None:
    chat = chats().read(user, CHAT)
    question, answer = chat.pop("messages")
    assert (chat["id"], chat["title"], chat["owner"], chat["members"]) == (CHAT, PROMPT, OWNER, [FRIEND])
    assert (question["role"], question["parts"]) == ("user", [{"type": "text", "text": PROMPT}])
    assert (answer["id"], answer["role"], answer["parts"]) == ("msg-stream-1", "assistant", ANSWER)
    rating = {"rating": None} if user == OWNER else {}
    assert answer["metadata"] == {"streamId": "stream-1", **BOOKED.to_json(), **rating}
    assert question.keys() == {"id", "role", "parts"}


def test_times_are_iso_8601_in_utc() -> None:
    chat = chats().read(OWNER, CHAT)
    for moment in (chat["createdAt"], chat["updatedAt"], chats().list(OWNER)["chats"][0]["updatedAt"]):
        assert len(moment) == len("2026-11-21T03:55:22.123Z")
        assert moment.endswith("Z")


def test_an_answer_that_is_being_written_is_not_shown_yet() -> None:
    admitted("stream-2", "And?")
    assert [message["role"] for message in chats().read(OWNER, CHAT)["messages"]] == ["user", "assistant", "user"]


def test_the_list_is_of_ones_own_and_shared_chats_newest_first() -> None:
    admitted("stream-2", "Newer", chat_id="chat-2")
    admitted("stream-3", "Of the stranger", chat_id="chat-3", owner=STRANGER)
    assert listed(OWNER) == [("chat-2", "Newer", "owner"), (CHAT, PROMPT, "owner")]
    assert listed(FRIEND) == [(CHAT, PROMPT, "member")]
    assert listed(STRANGER) == [("chat-3", "Of the stranger", "owner")]
    assert listed("nobody") == []
    admitted("stream-4", "And?")
    assert [chat_id for chat_id, *_ in listed(OWNER)] == [CHAT, "chat-2"]


ACTS: dict[str, Any] = {
    "read": lambda user, chat: chats().read(user, chat),
    "rename": lambda user, chat: chats().update(user, chat, title="Mine"),
    "share": lambda user, chat: members().invite(user, chat, "another"),
    "remove": lambda user, chat: members().remove(user, chat, FRIEND),
    "change nothing": lambda user, chat: chats().update(user, chat),
    "delete": lambda user, chat: chats().delete(user, chat),
}


@pytest.mark.parametrize("act", ACTS.values(), ids=ACTS.keys())
def test_for_a_stranger_the_chat_is_not_there(act: Any, table: Table) -> None:
    before = table.items()
    with pytest.raises(NotFound) as foreign:
        act(STRANGER, CHAT)
    with pytest.raises(NotFound) as unknown:
        act(STRANGER, "never-was")
    assert foreign.value.message.replace(CHAT, "…") == unknown.value.message.replace("never-was", "…")
    assert (foreign.value.status, foreign.value.code) == (404, "not_found")
    assert table.items() == before


@pytest.mark.parametrize("act", [name for name in ACTS if name != "read"])
def test_a_member_may_read_and_talk_and_nothing_else(act: str, table: Table) -> None:
    before = table.items()
    with pytest.raises(Forbidden) as refusal:
        ACTS[act](FRIEND, CHAT)
    assert (refusal.value.status, refusal.value.code) == (403, "forbidden")
    assert table.items() == before


@pytest.mark.parametrize(
    ("user", "chat", "requests"),
    [
        (STRANGER, CHAT, ["GetItem"]),
        (STRANGER, "never-was", ["GetItem"]),
        (FRIEND, CHAT, ["GetItem", "Query"]),
        (OWNER, CHAT, ["GetItem", "Query"]),
    ],
)
def test_nothing_of_a_chat_is_read_before_it_is_known_who_may_see_it(user: str, chat: str, requests: list[str]) -> None:
    """Or the time that a refusal takes would tell how long a foreign chat is."""
    with sent(chats().table.client) as names, nullcontext() if user != STRANGER else pytest.raises(NotFound):
        chats().read(user, chat)
    assert names == requests


def test_a_member_who_is_removed_while_reading_reads_nothing() -> None:
    reading = ChatStore(TableClient(TABLE))
    with (
        just_before(reading.table.client, "Query", lambda: members().remove(OWNER, CHAT, FRIEND)),
        pytest.raises(NotFound),
    ):
        reading.read(FRIEND, CHAT)


def test_a_new_title_is_in_all_lists() -> None:
    changed = chats().update(OWNER, CHAT, title="  The sky ")
    assert changed == {name: value for name, value in chats().read(OWNER, CHAT).items() if name != "messages"}
    assert changed["title"] == "The sky"
    members().invite(OWNER, CHAT, "another")
    chats().update(OWNER, CHAT, title="The night sky")
    assert [each["title"] for each in members().invitations("another")["invitations"]] == ["The night sky"]
    chats().update(OWNER, CHAT, title="The sky")
    assert listed(OWNER) == [(CHAT, "The sky", "owner")]
    assert listed(FRIEND) == [(CHAT, "The sky", "member")]


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"title": ""},
        {"title": "  "},
        {"title": "x" * (MAX_TITLE_CHARACTERS + 1)},
        {"title": 7},
        {"title": ["x"]},
        {"title": "\ud800"},
        {"members": []},
        {"members": [FRIEND]},
        {"title": "fine", "members": [FRIEND, "another"]},
        {"title": "fine", "members": "a-friend"},
    ],
    ids=lambda changes: repr(changes)[:50],
)
def test_a_change_is_refused_with(changes: dict[str, object], table: Table) -> None:
    before = table.items()
    with pytest.raises(InvalidRequest):
        chats().update(OWNER, CHAT, **changes)
    assert table.items() == before


def test_the_longest_title_is_accepted() -> None:
    title = "🎈" * MAX_TITLE_CHARACTERS
    assert chats().update(OWNER, CHAT, title=title)["title"] == title


def test_two_changes_at_once_are_both_made() -> None:
    disturbed = ChatStore(TableClient(TABLE))
    with just_before(disturbed.table.client, "TransactWriteItems", lambda: members().remove(OWNER, CHAT, FRIEND)):
        changed = disturbed.update(OWNER, CHAT, title="Renamed")
    assert (changed["title"], changed["members"]) == ("Renamed", [])
    assert listed(FRIEND) == []


def assert_gone(table: Table) -> None:
    """Nothing is left but what keeps the id, without a word of the chat, and for a day."""
    [kept] = table.items(f"chat#{CHAT}")
    assert kept.keys() == {"pk", "sk", "deleted", "expiresAt"}
    assert abs(int(kept["expiresAt"]) - time.time() - DELETED_KEPT_SECONDS) < 60


def test_a_deleted_chat_is_gone_from_everywhere(table: Table) -> None:
    mine, theirs = running("stream-2", "And?"), admitted("stream-3", "So?", owner=FRIEND)
    members().invite(OWNER, CHAT, "another")
    chats().delete(OWNER, CHAT)
    assert_gone(table)
    assert listed(OWNER) == listed(FRIEND) == members().invitations("another")["invitations"] == []
    assert (
        repository().leases.renew(mine, Usage(1, 1), "m").state
        == repository().leases.renew(theirs, Usage(1, 1), "m").state
        == "cancelled"
    )
    for user in (OWNER, FRIEND):
        with pytest.raises(NotFound):
            chats().read(user, CHAT)
    with pytest.raises(NotFound):
        chats().delete(OWNER, CHAT)


def test_nobody_starts_a_chat_under_the_id_of_a_deleted_one_until_dynamodb_has_forgotten_it(table: Table) -> None:
    chats().delete(OWNER, CHAT)
    for user in (OWNER, FRIEND, STRANGER):
        with pytest.raises(NotFound) as refusal:
            admitted("stream-2", "Mine now", owner=user)
        assert refusal.value.message == f"You have no chat {CHAT!r}."
        assert repository().record(user, "stream-2") is None
    assert_gone(table)
    table.remove(f"chat#{CHAT}", "chat")
    assert admitted("stream-2", "Mine now", owner=STRANGER).answer_index == 1
    assert [message["parts"][0]["text"] for message in chats().read(STRANGER, CHAT)["messages"]] == ["Mine now"]


def test_a_deletion_that_was_cut_off_hides_the_chat_and_is_finished_by_another(table: Table) -> None:
    class Cut(Exception):
        pass

    def cut() -> None:
        raise Cut

    disturbed = ChatStore(TableClient(TABLE))
    with just_before(disturbed.table.client, "BatchWriteItem", cut), pytest.raises(Cut):
        disturbed.delete(OWNER, CHAT)
    assert listed(OWNER) == listed(FRIEND) == []
    for user in (OWNER, FRIEND, STRANGER):
        with pytest.raises(NotFound):
            chats().read(user, CHAT)
        with pytest.raises(NotFound):
            admitted("stream-2", owner=user)
    for user in (FRIEND, STRANGER):
        with pytest.raises(NotFound):
            chats().delete(user, CHAT)
    [kept] = table.items(f"chat#{CHAT}", "chat")
    assert "expiresAt" not in kept, "as long as it is there, the rest can be removed"
    chats().delete(OWNER, CHAT)
    assert_gone(table)


@pytest.mark.parametrize(
    "moment", ["GetItem", "TransactWriteItems", "UpdateItem", "Query", "BatchWriteItem", "PutItem"]
)
def test_of_two_deletions_at_once_neither_takes_what_is_said_afterwards(moment: str, table: Table) -> None:
    """The slow one has been asked for again, and that one has finished."""

    def delete_and_go_on() -> None:
        chats().delete(OWNER, CHAT)
        with suppress(NotFound):
            admitted("stream-2", "A new chat")

    slow = ChatStore(TableClient(TABLE))
    finished = pytest.raises(NotFound) if moment in ("GetItem", "TransactWriteItems") else nullcontext()
    with just_before(slow.table.client, moment, delete_and_go_on), finished:
        slow.delete(OWNER, CHAT)
    assert_gone(table)
    assert repository().record(OWNER, "stream-2") is None
    table.remove(f"chat#{CHAT}", "chat")
    admitted("stream-3", "A new chat")
    assert admitted("stream-4", "And?").messages[0].text == "A new chat\n\nAnd?"


def test_deleting_removes_also_what_was_cut_off_and_more_than_a_batch_holds(table: Table) -> None:
    for index in range(2, 60):
        table.change(f"chat#{CHAT}", f"message#{index:06d}", id=f"m-{index}", role="user", parts=[])
    chats().delete(OWNER, CHAT)
    assert_gone(table)


def test_a_chat_of_another_name_is_not_touched() -> None:
    admitted("stream-2", "Other", chat_id=f"{CHAT}0")
    chats().delete(OWNER, CHAT)
    assert len(chats().read(OWNER, f"{CHAT}0")["messages"]) == 1


def test_the_store_is_that_of_the_environment() -> None:
    assert ChatStore.from_environment().read(OWNER, CHAT)["id"] == start().chat_id
