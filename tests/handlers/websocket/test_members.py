"""The frames about who is in a chat: each is answered with one `result`, or with an error."""

from typing import Any

import pytest

from shared.contract.limits import INVITATIONS_AN_HOUR
from tests.support.aws import Table
from tests.support.starts import CHAT, PROMPT, admitted, repository, shared_with, used
from tests.support.websocket import CONNECTION, OWNER, World, error_of, receive

pytestmark = pytest.mark.usefixtures("talk")
FRAMES: list[dict[str, Any]] = [
    {"type": "invite", "sub": "eve"},
    {"type": "remove", "sub": "eve"},
    {"type": "leave"},
    {"type": "accept"},
    {"type": "decline"},
]


@pytest.fixture
def talk(table: Table) -> None:  # noqa: ARG001
    """A chat of one question and its answer."""
    repository().end(admitted(running=True), used(), [{"type": "text", "text": "Because."}])


def answer(world: World, by: str, kind: str, **fields: Any) -> dict[str, Any]:
    """The one frame that answers a user's frame about the chat."""
    world.connections.forget()
    receive({"type": kind, "requestId": "r-1", "id": CHAT} | fields, sub=by)
    [frame] = world.connections.frames(CONNECTION)
    return frame


def result(world: World, by: str, kind: str, **fields: Any) -> dict[str, Any]:
    frame = answer(world, by, kind, **fields)
    assert (frame["type"], frame["requestId"], frame.get("more")) == ("result", "r-1", None), frame
    return frame["result"]


def refusal(world: World, by: str, kind: str, **fields: Any) -> str:
    return error_of(answer(world, by, kind, **fields))["code"]


def test_an_invitation_is_listed_accepted_and_gone(world: World) -> None:
    header = result(world, OWNER, "invite", sub="bob")
    assert (header["id"], header["members"], header["invited"]) == (CHAT, [], ["bob"])
    assert "messages" not in header
    [listed] = result(world, "bob", "invitations")["invitations"]
    assert (listed["chatId"], listed["title"], listed["from"]) == (CHAT, PROMPT, OWNER)
    assert refusal(world, "bob", "read") == "not_found"
    accepted = result(world, "bob", "accept")
    assert (accepted["members"], "invited" in accepted) == (["bob"], False)
    assert result(world, "bob", "invitations") == {"invitations": []}
    assert result(world, "bob", "read")["title"] == PROMPT


def test_a_member_changes_nothing(world: World) -> None:
    shared_with("bob")
    assert refusal(world, "bob", "update", title="Mine") == "forbidden"
    assert refusal(world, "bob", "delete") == "forbidden"
    assert refusal(world, "bob", "invite", sub="eve") == "forbidden"
    assert refusal(world, "bob", "remove", sub="bob") == "forbidden"


def test_a_declined_invitation_is_gone_and_does_not_come_again(world: World) -> None:
    result(world, OWNER, "invite", sub="bob")
    assert result(world, "bob", "decline") == {"id": CHAT}
    assert refusal(world, "bob", "decline") == "not_found"
    error = error_of(answer(world, OWNER, "invite", sub="bob"))
    assert error["code"] == "forbidden"
    assert error.get("retryAfter") is None


def test_a_member_leaves_with_one_frame_and_the_owner_not_at_all(world: World) -> None:
    shared_with("bob")
    assert result(world, "bob", "leave") == {"id": CHAT}
    assert refusal(world, "bob", "leave") == refusal(world, "bob", "read") == "not_found"
    assert refusal(world, OWNER, "leave") == "invalid_request"


def test_the_owner_takes_a_member_out_and_withdraws_an_invitation(world: World) -> None:
    shared_with("bob")
    assert result(world, OWNER, "remove", sub="bob")["members"] == []
    assert result(world, OWNER, "invite", sub="bob")["invited"] == ["bob"]
    assert result(world, OWNER, "remove", sub="bob")["invited"] == []
    assert refusal(world, OWNER, "remove", sub="bob") == "not_found"


def test_so_many_invitations_go_out_in_an_hour(world: World) -> None:
    for number in range(INVITATIONS_AN_HOUR):
        result(world, OWNER, "invite", sub=f"user-{number}")
    error = error_of(answer(world, OWNER, "invite", sub="bob"))
    assert (error["code"], 0 < error["retryAfter"] <= 3601) == ("rate_limited", True)  # it ends with a whole second


@pytest.mark.parametrize("kind", ["invite", "remove"])
@pytest.mark.parametrize("sub", [None, "", "a b", 7, ["bob"], {"sub": "bob"}, "x" * 129], ids=str)
def test_what_is_no_user_is_refused(kind: str, sub: object, world: World, table: Table) -> None:
    before = table.items()
    assert refusal(world, OWNER, kind, sub=sub) == "invalid_request"
    assert table.items() == before


@pytest.mark.parametrize("frame", FRAMES, ids=lambda frame: frame["type"])
def test_a_chat_of_another_and_one_that_never_was_are_not_told_apart(frame: dict[str, Any], world: World) -> None:
    fields = {name: value for name, value in frame.items() if name != "type"}
    foreign = error_of(answer(world, "mallory", frame["type"], **fields))
    unknown = error_of(answer(world, "mallory", frame["type"], **fields, id="never-was"))
    assert foreign["code"] == "not_found"
    assert foreign["message"].replace(CHAT, "…") == unknown["message"].replace("never-was", "…")


@pytest.mark.parametrize("frame", FRAMES, ids=lambda frame: frame["type"])
def test_a_frame_names_its_chat(frame: dict[str, Any], world: World) -> None:
    fields = {name: value for name, value in frame.items() if name != "type"}
    assert refusal(world, OWNER, frame["type"], **fields, id="a b") == "invalid_request"
