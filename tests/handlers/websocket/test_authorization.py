"""What a frame names beside the chat is authorised before anything is read, written or generated."""

from collections.abc import Callable, Mapping
from typing import Any

import pytest

from tests.support import authorization
from tests.support.authorization import NOTEBOOK_CHAT, OF_THE_EXAMPLE, WRONG, Hook, example_for
from tests.support.aws import Table
from tests.support.websocket import CONNECTION, OWNER, World, ask, error_of, receive

hooked = authorization.hooked


def frames(body: object) -> list[dict[str, Any]]:
    """A start, a resume and a read of the chat, as the stock transport sends what a page adds."""
    read = {"requestId": "r-1", "id": NOTEBOOK_CHAT, "body": body}
    return [{**ask(chat=NOTEBOOK_CHAT), "body": body}, {"type": "resume", **read}, {"type": "read", **read}]


@pytest.mark.parametrize(("hook", "code"), WRONG.values(), ids=WRONG.keys())
def test_nothing_is_touched_for_a_frame_that_is_refused(
    world: World, table: Table, hooked: Callable[[Hook], None], hook: Hook, code: str
) -> None:
    hooked(hook)
    for frame in frames({}):
        receive(frame)
        assert error_of(world.connections.frames(CONNECTION)[-1])["code"] == code
    assert table.items() == []
    assert world.lambda_service.events == []


@pytest.mark.parametrize(("fields", "code"), OF_THE_EXAMPLE.values(), ids=OF_THE_EXAMPLE.keys())
def test_the_notebook_is_named_in_the_body_of_a_frame(
    world: World, hooked: Callable[[Hook], None], fields: Mapping[str, object], code: str | None
) -> None:
    hooked(example_for(OWNER))
    for frame in frames(fields):
        receive(frame)
    told = world.connections.frames(CONNECTION)
    if code is None:
        assert [frame["type"] for frame in told] == ["result"]
        assert len(world.lambda_service.events) == 2
    else:
        assert [error_of(frame)["code"] for frame in told] == [code] * 3
        assert world.lambda_service.events == []


@pytest.mark.parametrize("body", [[], "x", 1, False])
def test_a_body_that_is_no_object_is_refused(world: World, body: object) -> None:
    for frame in frames(body):
        receive(frame)
        assert error_of(world.connections.frames(CONNECTION)[-1])["code"] == "invalid_request"
