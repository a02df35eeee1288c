"""The fields of chats: what `ChatStore` says, in the shapes of the schema."""

import json
import time
from typing import Any

import pytest
from graphql import GraphQLObjectType, build_schema

from handlers.appsync.fields import MAX_HISTORY_BYTES
from shared.contract.limits import INVITATIONS_AN_HOUR, PAGE_ENTRIES
from tests.support.appsync import SDL, ask, refusal, result
from tests.support.aws import Table
from tests.support.entries import entry
from tests.support.starts import CHAT, OWNER, PROMPT, STREAM, admitted, repository, shared_with, used

pytestmark = pytest.mark.usefixtures("world", "table")
CHANGES: list[tuple[str, dict[str, Any]]] = [
    ("updateChat", {"id": CHAT, "title": "Mine"}),
    ("deleteChat", {"id": CHAT}),
    ("inviteUser", {"id": CHAT, "sub": "eve"}),
    ("removeUser", {"id": CHAT, "sub": "bob"}),
]


def answered(stream_id: str = STREAM, text: str = "Because.") -> None:
    """A question and its answer."""
    start = admitted(stream_id, architecture="appsync", running=True)
    assert repository().end(start, used("end_turn"), [{"type": "text", "text": text}])


def fields_of(type_name: str) -> set[str]:
    """The fields of a type of the schema."""
    found = build_schema(SDL).get_type(type_name)
    assert isinstance(found, GraphQLObjectType)
    return set(found.fields)


def test_chats_are_listed_for_owners_and_members() -> None:
    assert result("chats") == {"chats": []}
    answered()
    shared_with("bob")
    [own], [shared] = result("chats")["chats"], result("chats", user="bob")["chats"]
    assert own.keys() == fields_of("ChatSummary")
    assert (own["id"], own["title"], own["role"], shared["role"]) == (CHAT, PROMPT, "owner", "member")
    assert result("chats", user="mallory") == {"chats": []}


@pytest.mark.parametrize(("field", "name"), [("chats", "chat"), ("invitations", "invitation")])
def test_a_list_goes_on_after_the_cursor_of_its_page(field: str, name: Any, table: Table) -> None:
    now = time.time()
    table.fill(entry(OWNER, number, at=now - number, name=name) for number in range(PAGE_ENTRIES + 1))
    first = result(field, {"after": None})
    second = result(field, {"after": first["next"]})
    assert (len(first[field]), len(second[field]), "next" in second) == (PAGE_ENTRIES, 1, False)
    for after in ("", "x", 7):
        assert refusal(field, {"after": after}) == "invalid_request"


def test_a_chat_is_read_with_its_messages() -> None:
    answered()
    chat = result("chat", {"id": CHAT})
    assert chat.keys() == fields_of("Chat")
    assert result("chat", {"id": CHAT})["invited"] == []
    assert [(message["role"], message["parts"][0]["text"]) for message in chat["messages"]] == [
        ("user", PROMPT),
        ("assistant", "Because."),
    ]
    assert (chat["owner"], chat["members"], chat["omitted"]) == (OWNER, [], 0)


def test_of_a_chat_that_is_too_long_for_an_answer_the_newest_messages_are_read(table: Table) -> None:
    for number in range(16):
        answered(f"stream-{number}", f"{number} " + "€" * 60_000)
    chat = result("chat", {"id": CHAT})
    kept = len(chat["messages"])
    assert 2 < kept < 32
    assert chat["omitted"] == 32 - kept == len(table.messages(CHAT)) - kept
    assert chat["messages"][-1]["parts"][0]["text"].startswith("15 ")
    size = len(json.dumps([json.dumps(message, ensure_ascii=False) for message in chat["messages"]]))
    assert MAX_HISTORY_BYTES - 500_000 < size < MAX_HISTORY_BYTES + 1_000


def test_a_chat_is_renamed() -> None:
    answered()
    chat = result("updateChat", {"id": CHAT, "title": "Sky"})
    assert chat.keys() == fields_of("ChatDetails")
    assert (chat["title"], chat["members"]) == ("Sky", [])
    assert result("chat", {"id": CHAT})["title"] == "Sky"


@pytest.mark.parametrize("changes", [{}, {"title": ""}, {"title": "x" * 201}, {"title": 7}], ids=str)
def test_a_change_that_is_none_is_refused(changes: dict[str, Any]) -> None:
    answered()
    assert refusal("updateChat", {"id": CHAT, **changes}) == "invalid_request"


def test_a_chat_is_deleted() -> None:
    answered()
    assert result("deleteChat", {"id": CHAT}) == CHAT
    assert refusal("chat", {"id": CHAT}) == "not_found"
    assert result("chats") == {"chats": []}


@pytest.mark.parametrize(("field", "arguments"), CHANGES)
def test_a_member_may_read_but_not_change(field: str, arguments: dict[str, Any]) -> None:
    answered()
    shared_with("bob")
    assert refusal(field, arguments, user="bob") == "forbidden"
    assert result("chat", {"id": CHAT}, user="bob")["title"] == PROMPT


INVITED: dict[str, Any] = {"id": CHAT, "sub": "bob"}


def test_an_invitation_is_listed_accepted_and_gone() -> None:
    answered()
    header = result("inviteUser", INVITED)
    assert header.keys() == fields_of("ChatDetails")
    assert (header["members"], header["invited"]) == ([], ["bob"])
    [listed] = result("invitations", user="bob")["invitations"]
    assert listed.keys() == fields_of("Invitation")
    assert (listed["chatId"], listed["title"], listed["from"]) == (CHAT, PROMPT, OWNER)
    assert refusal("chat", {"id": CHAT}, user="bob") == "not_found"
    accepted = result("acceptInvitation", {"id": CHAT}, user="bob")
    assert accepted.keys() == fields_of("ChatDetails") - {"invited"}
    assert result("invitations", user="bob") == {"invitations": []}
    assert result("chat", {"id": CHAT}, user="bob")["members"] == ["bob"]


def test_a_declined_invitation_is_gone_and_does_not_come_again() -> None:
    answered()
    result("inviteUser", INVITED)
    assert result("declineInvitation", {"id": CHAT}, user="bob") == CHAT
    assert refusal("declineInvitation", {"id": CHAT}, user="bob") == "not_found"
    error = ask("inviteUser", INVITED)["error"]
    assert error["code"] == "forbidden"
    assert error.get("retryAfter") is None


def test_a_member_leaves_with_one_mutation_and_the_owner_not_at_all() -> None:
    answered()
    shared_with("bob")
    assert result("leaveChat", {"id": CHAT}, user="bob") == CHAT
    assert refusal("chat", {"id": CHAT}, user="bob") == refusal("leaveChat", {"id": CHAT}, user="bob") == "not_found"
    assert refusal("leaveChat", {"id": CHAT}) == "invalid_request"


def test_the_owner_takes_a_member_out_and_withdraws_an_invitation() -> None:
    answered()
    shared_with("bob")
    assert result("removeUser", INVITED)["members"] == []
    result("inviteUser", INVITED)
    assert result("removeUser", INVITED)["invited"] == []
    assert refusal("removeUser", INVITED) == "not_found"


def test_so_many_invitations_go_out_in_an_hour() -> None:
    answered()
    for number in range(INVITATIONS_AN_HOUR):
        result("inviteUser", {"id": CHAT, "sub": f"user-{number}"})
    error = ask("inviteUser", INVITED)["error"]
    assert error["code"] == "rate_limited"
    assert 0 < error["retryAfter"] <= 3601, "an hour that ends on a full second"


@pytest.mark.parametrize("field", ["inviteUser", "removeUser"])
@pytest.mark.parametrize("sub", [None, "", "a b", 7, ["bob"], "x" * 129], ids=str)
def test_what_is_no_user_is_refused(field: str, sub: object) -> None:
    answered()
    assert refusal(field, {"id": CHAT, "sub": sub}) == "invalid_request"


FOREIGN = [
    ("chat", {"id": CHAT}),
    *((field, {"id": CHAT}) for field in ("leaveChat", "acceptInvitation", "declineInvitation")),
    *CHANGES,
]


@pytest.mark.parametrize(("field", "arguments"), FOREIGN)
def test_anyone_else_finds_nothing(field: str, arguments: dict[str, Any]) -> None:
    answered()
    foreign = ask(field, arguments, user="mallory")
    unknown = ask(field, {**arguments, "id": "never-was"}, user="mallory")
    assert foreign["error"]["code"] == "not_found"
    assert json.dumps(foreign).replace(CHAT, "X") == json.dumps(unknown).replace("never-was", "X")


def test_an_answer_is_rated_and_the_rating_is_read_with_the_chat(table: Table) -> None:
    answered()
    [_, answer] = result("chat", {"id": CHAT})["messages"]
    rated = {"chatId": CHAT, "messageId": answer["id"]}
    for given, rating in (({"rating": "up"}, "up"), ({"rating": "down"}, "down"), ({}, None)):
        told = result("rateAnswer", {**rated, **given})
        assert told == {"messageId": answer["id"], "rating": rating}
        assert told.keys() == fields_of("RatedAnswer")
        assert result("chat", {"id": CHAT})["messages"][1]["metadata"]["rating"] == rating
        assert table.items("usage#")[0].get("rating") == rating
    shared_with("bob")
    assert refusal("rateAnswer", {**rated, "rating": "up"}, user="bob") == "forbidden"
    assert refusal("rateAnswer", {**rated, "rating": "up"}, user="mallory") == "not_found"
    for wrong in ({"rating": "good"}, {"messageId": None}, {"chatId": ""}):
        assert refusal("rateAnswer", {**rated, "rating": "up", **wrong}) == "invalid_request"
