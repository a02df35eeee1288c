"""How a reader's request ends where its client has more than the journal, or was let go while the table fails."""

import time
from typing import Any

import pytest

from handlers.websocket import store, worker
from handlers.websocket.requests import Request
from shared.errors import Internal
from shared.protocol import parts
from shared.protocol.parts import Numbered, Part
from shared.stream.journal import Journal
from tests.support.aws import Table
from tests.support.interference import refused
from tests.support.logs import Logs
from tests.support.services import lambda_context
from tests.support.starts import CHAT, OWNER, STREAM, running, table_client, within
from tests.support.websocket import CONNECTION, World, error_of

TOLD: list[Part] = [
    parts.start("msg-1", STREAM),
    parts.start_step(),
    {"type": "finish-step"},
    *parts.failure(Internal("The answer broke off. Please try again."), {"streamId": STREAM}),
]
TERMINAL = len(TOLD) - 1
READER = Request(OWNER, CONNECTION, "r-2")


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody waits long."""
    for module in ("follower", "requests"):
        monkeypatch.setattr(f"handlers.websocket.{module}.RESUMED_AGAIN_SECONDS", 0.05)
    monkeypatch.setattr("shared.table_client.LONGEST_WAIT_SECONDS", 0.01)


def read(after: int = -1) -> None:
    """One event, as the routes send it for a `resume`."""
    READER.resume(STREAM, CHAT)
    tail = {"owner": OWNER, "streamId": STREAM, "chatId": CHAT, "after": after, "requestId": "r-2"}
    event = {"connectionId": CONNECTION, "connectedAt": int(time.time()), "tail": tail}
    worker.handler(event, lambda_context(30.0))  # pyright: ignore


def frames(world: World) -> list[dict[str, Any]]:
    return world.connections.frames(CONNECTION)


def journal() -> None:
    writer = Journal(table_client(), OWNER, STREAM, on_lost=lambda: None)
    writer.append([Numbered(sequence, part) for sequence, part in enumerate(TOLD)])
    assert writer.close(within())


@pytest.mark.parametrize("after", [TERMINAL + 1, 60])
def test_an_end_below_what_the_client_has_is_an_error_frame_and_no_chunk(after: int, world: World) -> None:
    running()
    journal()
    read(after)
    assert [frame["type"] for frame in frames(world)] == ["start", "error"]
    assert error_of(frames(world)[-1], "r-2") == {
        "code": "internal",
        "message": "The answer broke off. Please try again.",
    }


def test_a_client_that_names_the_terminal_part_has_all(world: World) -> None:
    running()
    journal()
    read(TERMINAL)
    assert [frame["type"] for frame in frames(world)] == ["start", "end"]


@pytest.mark.parametrize("operation", ["PutItem", "Query"])
def test_a_stop_outlasts_a_table_that_fails_for_a_moment(operation: str, world: World, table: Table) -> None:
    running()
    READER.detach()
    with refused(store.table().client, operation, "InternalServerError", times=3):
        read()
    assert frames(world) == []
    slot = table.slot(OWNER, CHAT)
    assert slot is not None
    assert slot["cancelled"]
    assert table.items(f"user#{OWNER}", "request#") == []


def test_a_stop_that_a_table_loses_is_logged(world: World, logs: Logs) -> None:  # noqa: ARG001
    running()
    READER.detach()
    with refused(store.table().client, "PutItem", "InternalServerError", times=10):
        read()
    [line] = logs.lines("a stop may be lost")
    assert (line["level"], line["streamId"]) == ("ERROR", STREAM)
