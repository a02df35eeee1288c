"""The frame `rate`."""

from typing import Any

from tests.support.aws import Table
from tests.support.chat_frames import refusal, result, talk
from tests.support.websocket import World

RATED: dict[str, Any] = {"id": "chat-1", "messageId": "msg-s-1"}


def test_an_answer_is_rated_and_the_rating_is_read_with_the_chat(world: World, table: Table) -> None:
    talk()
    for rating in ("up", "down", None):
        assert result(world, "rate", **RATED, rating=rating) == {"messageId": "msg-s-1", "rating": rating}
        assert result(world, "read", id="chat-1")["messages"][1]["metadata"]["rating"] == rating
        assert table.items("usage#")[0].get("rating") == rating


def test_what_is_no_rating_or_no_message_of_the_user_is_refused(world: World) -> None:
    talk()
    for fields in ({}, {"rating": "good"}, {"rating": "up", "messageId": 7}, {"rating": "up", "id": ""}):
        assert refusal(world, "rate", **{**RATED, **fields}) == "invalid_request"
    assert refusal(world, "rate", **RATED, rating="up", sub="mallory") == "not_found"
    assert refusal(world, "rate", **{**RATED, "messageId": "nobody"}, rating="up") == "not_found"
