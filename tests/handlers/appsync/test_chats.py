"""The fields of chats: what `ChatStore` says, in the shapes of the schema."""

import json
from typing import Any

import pytest
from graphql import GraphQLObjectType, build_schema

from handlers.appsync.fields import MAX_HISTORY_BYTES
from tests.support.appsync import SDL, ask, refusal, result
from tests.support.aws import Table
from tests.support.starts import CHAT, OWNER, PROMPT, STREAM, admitted, registry

pytestmark = pytest.mark.usefixtures("world", "table")
CHANGES: list[tuple[str, dict[str, Any]]] = [
    ("updateChat", {"id": CHAT, "title": "Mine"}),
    ("deleteChat", {"id": CHAT}),
]


def answered(stream_id: str = STREAM, text: str = "Because.") -> None:
    """A question and its answer."""
    start = admitted(stream_id, architecture="appsync", running=True)
    assert registry().end(start, {"stopReason": "end_turn"}, [{"type": "text", "text": text}])


def fields_of(type_name: str) -> set[str]:
    """The fields of a type of the schema."""
    found = build_schema(SDL).get_type(type_name)
    assert isinstance(found, GraphQLObjectType)
    return set(found.fields)


def test_chats_are_listed_for_owners_and_members() -> None:
    assert result("chats") == []
    answered()
    result("updateChat", {"id": CHAT, "members": ["bob"]})
    [own], [shared] = result("chats"), result("chats", user="bob")
    assert own.keys() == fields_of("ChatSummary")
    assert (own["id"], own["title"], own["role"], shared["role"]) == (CHAT, PROMPT, "owner", "member")
    assert result("chats", user="mallory") == []


def test_a_chat_is_read_with_its_messages() -> None:
    answered()
    chat = result("chat", {"id": CHAT})
    assert chat.keys() == fields_of("Chat")
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


def test_a_chat_is_renamed_and_shared() -> None:
    answered()
    chat = result("updateChat", {"id": CHAT, "title": "Sky", "members": ["bob"]})
    assert chat.keys() == fields_of("ChatDetails")
    assert (chat["title"], chat["members"]) == ("Sky", ["bob"])
    assert result("updateChat", {"id": CHAT, "members": None, "title": "Blue"})["members"] == ["bob"]
    assert result("chat", {"id": CHAT}, user="bob")["title"] == "Blue"


@pytest.mark.parametrize(
    "changes", [{}, {"title": ""}, {"title": "x" * 201}, {"members": [OWNER]}, {"members": ["b b"]}], ids=str
)
def test_a_change_that_is_none_is_refused(changes: dict[str, Any]) -> None:
    answered()
    assert refusal("updateChat", {"id": CHAT, **changes}) == "invalid_request"


def test_a_chat_is_deleted() -> None:
    answered()
    assert result("deleteChat", {"id": CHAT}) == CHAT
    assert refusal("chat", {"id": CHAT}) == "not_found"
    assert result("chats") == []


@pytest.mark.parametrize(("field", "arguments"), CHANGES)
def test_a_member_may_read_but_not_change(field: str, arguments: dict[str, Any]) -> None:
    answered()
    result("updateChat", {"id": CHAT, "members": ["bob"]})
    assert refusal(field, arguments, user="bob") == "forbidden"
    assert result("chat", {"id": CHAT}, user="bob")["title"] == PROMPT


@pytest.mark.parametrize(("field", "arguments"), [("chat", {"id": CHAT}), *CHANGES])
def test_anyone_else_finds_nothing(field: str, arguments: dict[str, Any]) -> None:
    answered()
    foreign = ask(field, arguments, user="mallory")
    unknown = ask(field, {**arguments, "id": "never-was"}, user="mallory")
    assert foreign["error"]["code"] == "not_found"
    assert json.dumps(foreign).replace(CHAT, "X") == json.dumps(unknown).replace("never-was", "X")
