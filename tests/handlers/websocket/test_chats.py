"""The frames about chats: each is answered with `result`, in as many frames as it needs."""

import time

import pytest

from shared.contract.limits import PAGE_ENTRIES
from tests.support.aws import Table
from tests.support.chat_frames import ask, refusal, result, talk
from tests.support.entries import entry
from tests.support.websocket import CONNECTION, OWNER, World, error_of, receive


def test_a_user_without_chats_has_an_empty_list(world: World) -> None:
    assert result(world, "list") == {"chats": []}


def test_a_user_s_chats_are_listed(world: World) -> None:
    talk("One?", stream_id="s-1", chat_id="chat-1")
    talk("Two?", stream_id="s-2", chat_id="chat-2")
    chats = result(world, "list")["chats"]
    assert [(chat["id"], chat["title"], chat["role"]) for chat in chats] == [
        ("chat-2", "Two?", "owner"),
        ("chat-1", "One?", "owner"),
    ]
    assert result(world, "list", sub="mallory") == {"chats": []}


def test_a_page_of_a_list_fits_into_a_frame_whatever_the_titles(world: World, table: Table) -> None:
    for name, kind, key in (("chat", "list", "chats"), ("invitation", "invitations", "invitations")):
        table.fill(entry(OWNER, number, at=time.time() - number, name=name, title="🎈" * 200) for number in range(60))
        first = result(world, kind)
        assert len(first[key]) == PAGE_ENTRIES
        second = result(world, kind, after=first["next"])
        assert (len(second[key]), "next" in second) == (60 - PAGE_ENTRIES, False)
        for after in ("", "x", 7, [], {}):
            assert refusal(world, kind, after=after) == "invalid_request"


def test_a_chat_is_read_with_its_messages(world: World) -> None:
    talk("Why?", "Because.")
    chat = result(world, "read", id="chat-1")
    assert (chat["id"], chat["title"], chat["owner"], chat["members"]) == ("chat-1", "Why?", OWNER, [])
    assert [(message["role"], message["parts"]) for message in chat["messages"]] == [
        ("user", [{"type": "text", "text": "Why?"}]),
        ("assistant", [{"type": "text", "text": "Because."}]),
    ]


def test_a_chat_that_is_too_long_for_a_frame_comes_in_several_that_each_say_whose_it_is(world: World) -> None:
    texts = ["x" * 60_000, "é" * 60_000, "\0" * 40_000, "🎈" * 60_000]
    talk(texts[0], texts[1], "s-1")
    talk(texts[2], texts[3], "s-2")
    answers = ask(world, "read", id="chat-1")
    assert len(answers) > 4
    assert [frame.get("more", False) for frame in answers] == [True] * (len(answers) - 1) + [False]
    assert {frame["result"]["id"] for frame in answers} == {"chat-1"}
    read: dict[str, str] = {}
    for frame in answers:
        for message in frame["result"]["messages"]:
            read[message["id"]] = read.get(message["id"], "") + "".join(part["text"] for part in message["parts"])
    assert list(read.values()) == texts


def test_a_chat_is_renamed(world: World) -> None:
    talk()
    chat = result(world, "update", id="chat-1", title="Skies")
    assert (chat["title"], chat["members"]) == ("Skies", [])
    assert "messages" not in chat
    assert result(world, "read", id="chat-1")["title"] == "Skies"


def test_a_chat_is_deleted(world: World) -> None:
    talk()
    assert result(world, "delete", id="chat-1") == {"id": "chat-1"}
    assert refusal(world, "read", id="chat-1") == "not_found"


@pytest.mark.parametrize(
    "fields", [{}, {"title": None}, {"title": ""}, {"title": 7}, {"title": "Skies", "members": ["bob"]}]
)
def test_a_change_says_what_it_changes(fields: dict[str, object], world: World) -> None:
    talk()
    assert refusal(world, "update", id="chat-1", **fields) == "invalid_request"


@pytest.mark.parametrize("kind", ["read", "update", "delete"])
def test_the_chat_of_another_is_not_there(kind: str, world: World) -> None:
    talk()
    assert refusal(world, kind, id="chat-1", title="x", sub="mallory") == "not_found"
    assert refusal(world, kind, id="no-chat", title="x") == "not_found"


def test_an_answer_that_cannot_be_sent_to_its_end_is_told_to_be_broken(world: World) -> None:
    talk("x" * 150_000, "x" * 150_000)
    world.connections.forget()
    world.connections.failures.are([None, 403])
    receive({"type": "read", "requestId": "r-1", "id": "chat-1"})
    first, last = world.connections.frames(CONNECTION)
    assert first["more"] is True
    assert error_of(last)["code"] == "internal"
