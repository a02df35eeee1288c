"""What the WebSocket API says of a user's limits: in answer to a frame, and in a refusal."""

import json
from typing import Any

import pytest

from tests.support.aws import Table
from tests.support.starts import OWNER, admitted
from tests.support.websocket import CONNECTION, World, ask, error_of, frame_event, route


def answer(world: World, frame: dict[str, Any], tier: str | None = "free") -> dict[str, Any]:
    """The one frame that answers a frame of a user of this tier."""
    event = frame_event(None)
    authorizer = event["requestContext"]["authorizer"]
    authorizer |= {"tier": tier}
    if tier is None:  # a connection that an older authorizer has let in
        del authorizer["tier"]
    world.connections.forget()
    assert route({**event, "body": json.dumps(frame)}) == {"statusCode": 200}
    [told] = world.connections.frames(CONNECTION)
    return told


@pytest.mark.usefixtures("table")
def test_a_frame_asks_what_is_left(world: World) -> None:
    told = answer(world, {"type": "limits", "requestId": "r-1"}, "pro")
    assert (told["type"], told["requestId"]) == ("result", "r-1")
    requests, streams = told["result"]["quotas"]
    assert (told["result"]["tier"], told["result"]["maxOutputTokens"]) == ("pro", 300)
    assert (requests["limit"], requests["remaining"], streams["limit"], streams["remaining"]) == (100, 100, 3, 3)


@pytest.mark.usefixtures("table")
def test_a_connection_that_names_no_tier_is_free(world: World) -> None:
    assert answer(world, {"type": "limits", "requestId": "r-1"}, None)["result"]["tier"] == "free"


def test_a_start_beside_a_running_one_is_refused_for_a_free_user(world: World, table: Table) -> None:
    admitted(owner=OWNER, chat_id="another-chat")
    before = table.items()
    error = error_of(answer(world, ask()))
    assert (error["code"], error["retryAfter"]) == ("concurrency_exceeded", 5)
    assert error["limit"] == {"name": "concurrent-streams", "tier": "free", "limit": 1, "remaining": 0}
    assert table.items() == before
